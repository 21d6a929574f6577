//! What a person sees while a run goes on.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::cli::report;
use crate::verify::check::Step;
use crate::verify::record::{Finding, Observer, StepRecord};

/// A line that moves on a terminal, plain lines elsewhere; on standard error.
pub struct View {
    bar: ProgressBar,
    step: Mutex<Option<(Step, Instant)>>,
}

impl View {
    /// A view in which nothing has happened yet.
    #[must_use]
    pub fn new() -> Self {
        let bar = ProgressBar::new_spinner();
        bar.set_draw_target(ProgressDrawTarget::stderr());
        let style = ProgressStyle::with_template("{spinner} {prefix} {msg} ({elapsed})");
        bar.set_style(style.expect("a template of ours can be read"));
        bar.enable_steady_tick(Duration::from_millis(120));
        Self { bar, step: Mutex::new(None) }
    }

    fn line(&self, text: &str) {
        if self.bar.is_hidden() {
            eprintln!("{text}");
        } else {
            self.bar.println(text);
        }
    }

    /// Ends it.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

impl Observer for View {
    fn begins(&self, step: Step) {
        *self.step.lock().expect("no holder panics") = Some((step, Instant::now()));
        self.bar.set_prefix(step.name());
        self.bar.reset_elapsed();
        if self.bar.is_hidden() {
            eprintln!("{step}: {}", step.proves());
        }
    }

    fn doing(&self, what: &str) {
        self.bar.set_message(what.to_owned());
    }

    fn found(&self, finding: &Finding) {
        if finding.is_failed() {
            let of = finding.of.as_ref().map_or_else(String::new, |of| format!(" {of}"));
            self.line(&format!("  failed {}{of}: {}", finding.check.id, finding.said));
        }
    }

    fn ends(&self, record: &StepRecord) {
        self.line(&format!("{} took {:.1} s", record.step, record.took.as_secs_f64()));
    }

    fn note(&self, text: &str) {
        self.bar.suspend(|| report::warn(text));
    }
}
