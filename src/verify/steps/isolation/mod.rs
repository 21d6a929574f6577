//! `isolation`: no process may do, reach or read more than its work needs.

mod arms;
mod host;
mod outside;
mod processes;
mod reach;
mod root;
mod secrets;
mod status;
mod stores;

pub use arms::ARMS;

use crate::plan::topology::Security;
use crate::verify::case::Case;
use crate::verify::engine::Container;
use crate::verify::record::Finding;
use crate::verify::run::Run;
use crate::verify::trouble::Outcome;

/// Runs the step.
pub async fn run(run: &mut Run<'_>) -> Outcome {
    run.up().await?;
    run.doing("reading what processes may do");
    let containers = run.containers().await?;
    let read = status::read(run, &containers).await?;
    processes::user(run, &containers, &read);
    processes::capabilities(run, &containers, &read);
    processes::privileges(run, &containers, &read);
    root::judge(run, &containers).await?;
    host::judge(run);
    run.doing("looking for ways between networks");
    let reach = reach::Reach::read(run, &containers).await?;
    stores::judge(run, &reach);
    outside::judge(run, &reach).await?;
    run.doing("looking for secrets in images");
    secrets::judge(run, &containers).await
}

/// What is planned that a service may do; `None` where nothing is.
fn planned<'r>(run: &Run<'r>, service: &str) -> Option<&'r Security> {
    let plan = run.case.plan.as_ref()?;
    plan.topology.services.iter().find(|own| own.id == service).map(|own| &own.security)
}

/// Something that is open to nobody yet, and would be closed in a plan: no fault of
/// what nobody planned, unless somebody asks for it.
fn lacking(case: &Case, check: &str, said: String, help: &str) -> Finding {
    match case.is_strict() {
        true => Finding::failed(check, said).help(help),
        false => Finding::skipped(check, format!("{said}; verify.isolation = strict judges it")),
    }
}

/// What is wrong with each container, told once for all of them where nothing is.
struct Judged {
    check: &'static str,
    count: usize,
    /// Whether something was said of another one.
    failed: bool,
}

impl Judged {
    const fn of(check: &'static str) -> Self {
        Self { check, count: 0, failed: false }
    }

    /// A container that holds.
    fn holds(&mut self) {
        self.count += 1;
    }

    /// One that does not.
    fn fails(&mut self, run: &mut Run<'_>, container: &Container, said: String, help: &str) {
        self.failed = true;
        run.record(Finding::failed(self.check, said).of(&container.service).help(help));
    }

    /// One that is less hardened than a plan would have it.
    fn lacks(&mut self, run: &mut Run<'_>, container: &Container, said: String, help: &str) {
        self.failed = true;
        let finding = lacking(run.case, self.check, said, help);
        run.record(finding.of(&container.service));
    }

    /// One that is as it was planned, for a reason.
    fn planned(run: &mut Run<'_>, check: &str, service: &str, why: &str) {
        run.record(Finding::skipped(check, format!("planned so: {why}")).of(service));
    }

    /// Says what holds for those that hold.
    fn end(self, run: &mut Run<'_>, said: impl FnOnce(usize) -> String) {
        if self.count > 0 {
            run.record(Finding::passed(self.check, said(self.count)));
        } else if !self.failed {
            run.record(Finding::skipped(self.check, "there is no container that it is about"));
        }
    }
}
