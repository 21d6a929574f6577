//! Whole repositories, as large as real ones (`tests/cases/whole`), each way that dockwright has
//! for them: improved, rewritten, and generated where nothing is there. What they did before they
//! do afterwards, as their code means it, and what they had kept is still there.

mod chat;
mod desk;
mod ledger;
mod shop;
mod studio;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use crate::support::http::Response;
use crate::support::stack::Stack;
use crate::support::wait;

const MEBIBYTE: usize = 1024 * 1024;

/// What a repository does, by name; each panics where it does not hold.
type Checks = &'static [(&'static str, fn(&Stack))];

/// One run says all that does not hold, by name: a stack takes a minute to be there.
#[derive(Default)]
struct Failed(Vec<&'static str>);

impl Failed {
    fn attempt<T>(&mut self, name: &'static str, check: impl FnOnce() -> T) -> Option<T> {
        let done = catch_unwind(AssertUnwindSafe(check)).ok();
        if done.is_none() {
            self.0.push(name);
        }
        done
    }

    fn all(&mut self, stack: &Stack, checks: Checks) {
        for (name, check) in checks {
            self.attempt(name, || check(stack));
        }
    }

    #[track_caller]
    fn expect_none(self) {
        assert!(self.0.is_empty(), "does not hold: {}", self.0.join("; "));
    }
}

/// What a repository's own compose file started still works after `init` with these arguments,
/// with its rows and files.
fn goes_on<T>(
    case: Case,
    arguments: &[&str],
    fill: impl FnOnce(&Stack) -> T,
    works: Checks,
    has_kept: impl FnOnce(&Stack, &T),
) {
    let stack = Stack::of_whole(case.name, Some(case.published));
    stack.up();
    comes_up(&stack);
    let kept = fill(&stack);
    let mut failed = Failed::default();
    failed.all(&stack, works);
    failed.expect_none();
    // As the next deployment finds it: the containers gone, the volumes there.
    stack.compose(&["down", "--rmi", "local", "--timeout", "5"]);

    let said = stack.init(arguments);
    hands_over_volumes(&stack, &said);
    stack.up();
    comes_up(&stack);
    let mut failed = Failed::default();
    failed.all(&stack, works);
    failed.attempt("what it had kept", || has_kept(&stack, &kept));
    failed.attempt("a clean stop", || stops(&stack));
    failed.expect_none();
}

/// A repository with container files, and the port that they publish.
struct Case {
    name: &'static str,
    published: &'static str,
}

/// A repository without container files works after `init`, and keeps what it is given when its
/// containers are made anew.
fn is_generated<T>(
    name: &str,
    fill: impl FnOnce(&Stack) -> T,
    works: Checks,
    has_kept: impl FnOnce(&Stack, &T),
) {
    let stack = Stack::of_whole(name, None);
    let port = format!("project.port={}", stack.port);
    stack.init(&["--set", &port]);
    stack.up();
    let mut failed = Failed::default();
    let kept = failed.attempt("what it is given", || fill(&stack));
    failed.all(&stack, works);
    stack.compose(&["down"]);
    stack.up();
    if let Some(kept) = kept {
        failed.attempt("what it had kept", || has_kept(&stack, &kept));
    }
    failed.attempt("a clean stop", || stops(&stack));
    failed.expect_none();
}

/// Runs what `init` says has to be run once, before the first start.
fn hands_over_volumes(stack: &Stack, said: &str) {
    let words: Vec<&str> = said.split_whitespace().collect();
    let starts = words.windows(3).enumerate();
    for (start, _) in starts.filter(|(_, words)| *words == ["docker", "compose", "run"]) {
        let command = &words[start + 2..];
        let end = command.iter().position(|word| word.starts_with('/')).expect("a directory");
        stack.try_compose(&["build"], crate::support::stack::BUILD_LIMIT).expect_success();
        stack.compose(&command[..=end]);
    }
}

/// Old stacks have no health checks; they are waited for by asking.
fn comes_up(stack: &Stack) {
    wait::until("the home page", Duration::from_secs(150), || {
        let request = crate::support::http::Request::get("/");
        stack.try_request(&request).ok().filter(|answer| answer.status == 200)
    });
}

/// Nothing has to be killed after its grace period; many servers end by the signal itself.
#[track_caller]
fn stops(stack: &Stack) {
    stack.compose(&["stop"]);
    for container in stack.containers() {
        let code = container.exit_code();
        assert!([0, 143].contains(&code), "{} ended with {code}", container.service);
    }
}

/// The files that a page loads, by the end of their names, are there and are what they say.
#[track_caller]
fn loads(stack: &Stack, page: &Response, ending: &str, kind: &str, part: &str) {
    let text = page.text();
    let address = text.split('"').find(|word| word.starts_with('/') && word.ends_with(ending));
    let address = address.unwrap_or_else(|| panic!("no address of a {ending} in {text}"));
    let file = stack.get(address).expect(200);
    let found = file.header("content-type").unwrap_or_default();
    assert!(found.starts_with(kind), "{address} is {found}");
    assert!(file.text().contains(part), "{address}: {}", file.text());
}

/// Bytes that do not look alike, as those of a photograph.
fn photograph(mebibytes: usize) -> Vec<u8> {
    let mut state: u32 = 20_261_129;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state.to_le_bytes()
    };
    (0..mebibytes * MEBIBYTE / 4).flat_map(|_| next()).collect()
}
