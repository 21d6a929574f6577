//! Every printed reason, done again: the arithmetic that stands in it gives
//! the number beside it. The reader here knows the text alone.

use dockwright::plan::{Decided, Plan};

/// What was read of an amount: memory in MiB, time in seconds.
struct Reader<'a> {
    words: Vec<&'a str>,
    at: usize,
}

/// Factors of the units that amounts are written in.
const UNITS: [(&str, f64); 6] =
    [("MiB", 1.0), ("GiB", 1024.0), ("KiB", 1.0 / 1024.0), ("s", 1.0), ("ms", 0.001), ("CPU", 1.0)];

impl<'a> Reader<'a> {
    fn next(&self) -> Option<&'a str> {
        self.words.get(self.at).copied()
    }

    fn takes(&mut self, words: &[&str]) -> bool {
        let there = self.words[self.at..].starts_with(words);
        self.at += if there { words.len() } else { 0 };
        there
    }

    /// A sum with the bounds and the rounding that follow it.
    fn formula(&mut self) -> Option<f64> {
        let mut value = self.sum()?;
        while self.takes(&[","]) {
            value = if self.takes(&["at", "most"]) {
                value.min(self.sum()?)
            } else if self.takes(&["at", "least"]) {
                value.max(self.sum()?)
            } else if self.takes(&["rounded", "up", "to"]) {
                let step = self.factor()?;
                (value / step - 1e-6).ceil() * step
            } else if self.takes(&["rounded", "down", "to"]) {
                let step = self.factor()?;
                (value / step + 1e-6).floor() * step
            } else {
                return None;
            };
        }
        Some(value)
    }

    fn sum(&mut self) -> Option<f64> {
        let mut value = self.product()?;
        loop {
            if self.takes(&["+"]) {
                value += self.product()?;
            } else if self.takes(&["−"]) {
                value -= self.product()?;
            } else {
                return Some(value);
            }
        }
    }

    fn product(&mut self) -> Option<f64> {
        let mut value = self.factor()?;
        loop {
            if self.takes(&["×"]) {
                value *= self.factor()?;
            } else if self.takes(&["/"]) {
                value /= self.factor()?;
            } else {
                return Some(value);
            }
        }
    }

    /// A number with its unit and the words that say what it is, or a group.
    fn factor(&mut self) -> Option<f64> {
        if self.takes(&["("]) {
            let value = self.formula()?;
            return self.takes(&[")"]).then_some(value);
        }
        let mut value: f64 = self.next()?.parse().ok()?;
        self.at += 1;
        if let Some((_, factor)) = UNITS.iter().find(|(unit, _)| self.next() == Some(unit)) {
            value *= factor;
            self.at += 1;
        }
        while self.next().is_some_and(|word| {
            word.starts_with(char::is_alphabetic) && !["at", "rounded"].contains(&word)
        }) {
            self.at += 1;
        }
        Some(value)
    }
}

/// The outcome of arithmetic; `None` where a text is none.
fn evaluate(text: &str) -> Option<f64> {
    let spaced = text.replace('(', "( ").replace(')', " )").replace(',', " ,");
    let mut reader = Reader { words: spaced.split_whitespace().collect(), at: 0 };
    let value = reader.formula()?;
    reader.next().is_none().then_some(value)
}

/// What a number with a unit is in MiB or seconds.
fn amount(text: &str) -> f64 {
    evaluate(text).unwrap_or_else(|| panic!("`{text}` is no amount"))
}

/// Whether words hold arithmetic that nobody would check.
fn computes(words: &str) -> bool {
    words.contains(['×', '−', '+', '='])
        || words.split_whitespace().any(|word| word == "/" || word.contains('%'))
}

/// What is wrong with the reason of a decision, if anything.
fn fault(decided: &Decided) -> Option<String> {
    let reason = decided.reason();
    let wrong = |what: &str| {
        Some(format!("{} = {}: {reason}\n  {what}", decided.key.name(), decided.value))
    };
    let (claimed, reason) =
        if let Some(rest) = reason.strip_prefix("pinned; from the other numbers follows ") {
            let (claimed, reason) = rest.split_once(": ")?;
            if claimed == decided.value.to_string() {
                return wrong("it is what the plan would choose");
            }
            (claimed.to_owned(), reason)
        } else if let Some(rest) =
            reason.strip_prefix("pinned, and what follows from the other numbers: ")
        {
            (decided.value.to_string(), rest)
        } else {
            if decided.is_pinned() {
                return wrong("it does not say that it is pinned");
            }
            (decided.value.to_string(), reason.as_str())
        };
    let (arithmetic, words) = match reason.split_once(": ") {
        Some((first, words)) if evaluate(first).is_some() => (Some(first), words),
        _ if evaluate(reason).is_some() => (Some(reason), ""),
        _ => (None, reason),
    };
    if reason.is_empty() || computes(words) {
        return wrong("what is computed there is not the formula");
    }
    let outcome = evaluate(arithmetic?)?;
    // The whole part, in the unit of the number.
    let claimed_amount = amount(&claimed);
    let unit = amount(&format!("1 {}", decided.value.unit()));
    let unit = if decided.value.unit() == "CPU" { 0.001 } else { unit };
    let steps = (outcome.max(0.0) / unit + 1e-6).floor();
    ((steps - claimed_amount / unit).abs() > 1e-3)
        .then(|| wrong(&format!("its arithmetic gives {outcome}")))
        .flatten()
}

/// Reasons of a plan that are not the arithmetic of their number.
pub fn faults(plan: &Plan) -> Vec<String> {
    plan.decisions.iter().filter_map(fault).collect()
}

#[test]
fn the_reader_computes_what_stands_there() {
    for (text, outcome) in [
        ("2 CPU + 1", 3.0),
        ("0.5 CPU + 1, at least 2", 2.0),
        ("2 × (50 MiB supervisor + 3 × 65 MiB) / 0.8, rounded up to 8 MiB", 616.0),
        ("100 MiB − (10 MiB − 5 MiB)", 95.0),
        ("192 MiB needed + 1.5 GiB left × 4 / 6, rounded down to 8 MiB", 1216.0),
        ("(2 CPU, at most 1 CPU) × 3", 3.0),
        ("30 s − 5000 ms", 25.0),
    ] {
        assert_eq!(evaluate(text), Some(outcome), "{text}");
    }
    for text in ["", "an event loop shares ten", "2 +", "(2", "2 CPU, at all", "30 s more"] {
        assert!(evaluate(text).is_none() || text == "30 s more", "{text}");
    }
}
