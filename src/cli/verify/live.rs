//! What a person sees while a run goes on: a line that moves on a terminal, plain
//! lines elsewhere; on standard error.

use std::io::Write as _;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use console::style;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::cli::layout;
use crate::verify::check::Step;
use crate::verify::record::{Finding, Observer, StepRecord, Verdict};

/// The view of one run.
pub struct View {
    bar: ProgressBar,
    begun: Mutex<Instant>,
}

impl View {
    /// A view in which nothing has happened yet.
    #[must_use]
    pub fn new() -> Self {
        let bar = ProgressBar::new_spinner();
        bar.set_draw_target(ProgressDrawTarget::stderr());
        let style = ProgressStyle::with_template("{spinner} {prefix:.bold} {elapsed} {wide_msg}");
        bar.set_style(style.expect("a template of ours can be read"));
        bar.enable_steady_tick(Duration::from_millis(120));
        Self { bar, begun: Mutex::new(Instant::now()) }
    }

    fn line(&self, text: &str) {
        match self.bar.is_hidden() {
            // Standard error can be gone; the work goes on.
            true => drop(writeln!(std::io::stderr(), "{text}")),
            false => self.bar.println(text),
        }
    }

    /// Ends it.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

impl Observer for View {
    fn begins(&self, step: Step) {
        *self.begun.lock().expect("no holder panics") = Instant::now();
        self.bar.set_prefix(step.name());
        self.bar.set_message("");
        self.bar.reset_elapsed();
        if self.bar.is_hidden() {
            self.line(&format!("{step}: {}", step.proves()));
        }
    }

    fn doing(&self, what: &str) {
        self.bar.set_message(what.to_owned());
        if self.bar.is_hidden() {
            let since = self.begun.lock().expect("no holder panics").elapsed().as_secs_f64();
            self.line(&format!("  {since:5.1} s  {what}"));
        }
    }

    fn found(&self, finding: &Finding) {
        if finding.is_failed() {
            let of = finding.of.as_ref().map_or_else(String::new, |of| format!(" {of}"));
            let word = style("failed").for_stderr().red().bold();
            let said = layout::visible(&finding.said);
            self.line(&format!("  {word} {}{of}: {said}", finding.check.id));
        }
    }

    fn ends(&self, record: &StepRecord) {
        let count = |verdict| record.findings.iter().filter(|own| own.verdict == verdict).count();
        let failed = count(Verdict::Failed);
        let mark = match failed {
            0 if count(Verdict::Passed) == 0 => style("-").for_stderr().dim(),
            0 => style("ok").for_stderr().green(),
            _ => style("failed").for_stderr().red().bold(),
        };
        let (passed, skipped) = (count(Verdict::Passed), count(Verdict::Skipped));
        let took = record.took.as_secs_f64();
        self.line(&format!(
            "{mark} {} {took:.1} s: {passed} passed, {failed} failed, {skipped} skipped",
            record.step
        ));
    }

    fn note(&self, text: &str) {
        let word = style("note").for_stderr().yellow().bold();
        self.line(&format!("{word}: {}", layout::visible(text)));
    }
}
