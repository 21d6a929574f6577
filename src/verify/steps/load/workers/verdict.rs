//! What the measured numbers of processes say.

use crate::verify::record::{Finding, Proposal, Unit};

/// The check.
pub const ID: &str = "load.workers";
/// Part of the throughput that fewer processes have to give to be proposed.
const ENOUGH: f64 = 0.98;
/// Fewest that are proposed: a process that is recycled or hangs must not be the only one.
const FEWEST: u64 = 2;

/// What a number of processes gave.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measured {
    pub workers: u64,
    pub throughput: f64,
    pub memory: f64,
}

impl Measured {
    /// Whether another number can have given so little beside this one: a process more or
    /// less cannot take more than its part, and a margin for chance. Below that something
    /// else had the machine while one of them was measured.
    #[must_use]
    pub fn is_plausible_beside(self, own: Self) -> bool {
        const CHANCE: f64 = 0.7;
        let [few, many] = [self.workers.min(own.workers), self.workers.max(own.workers)];
        self.throughput >= own.throughput * CHANCE * few as f64 / many as f64
    }
}

/// The result where the machine was not there for the measurement.
pub fn disturbed(own: Measured, other: Measured) -> Finding {
    let said = format!(
        "{} processes gave {} and {} gave {}: something else uses this machine, and the numbers say nothing",
        own.workers,
        Unit::PerSecond.show(own.throughput),
        other.workers,
        Unit::PerSecond.show(other.throughput)
    );
    Finding::skipped(ID, said)
}

/// The result, and what is proposed.
pub fn judged(own: Measured, others: &[Measured], least: f64) -> (Finding, Option<Proposal>) {
    let part = |other: &Measured| other.throughput / own.throughput.max(0.001);
    let list: Vec<String> = others
        .iter()
        .map(|other| {
            format!(
                "{} give {:.0} % of the throughput with {}",
                other.workers,
                part(other) * 100.0,
                memory(own, *other)
            )
        })
        .collect();
    let said = format!(
        "{} planned: {} with {}; {}",
        own.workers,
        Unit::PerSecond.show(own.throughput),
        Unit::Bytes.show(own.memory),
        if list.is_empty() {
            "no other number could be measured".to_owned()
        } else {
            list.join("; ")
        }
    );
    // Fewer that give more do so beside the load itself, which elsewhere has machines of
    // its own: that is a proposal, and no fault.
    let more = others.iter().filter(|other| other.workers > own.workers);
    let best = more.max_by(|a, b| a.throughput.total_cmp(&b.throughput));
    let loses = best.is_some_and(|best| own.throughput < best.throughput * least);
    let mut finding = Finding::judged(ID, !loses, said);
    for seen in std::iter::once(&own).chain(others) {
        finding = finding
            .measured(
                format!("{} workers, throughput", seen.workers),
                seen.throughput,
                Unit::PerSecond,
            )
            .measured(format!("{} workers, memory", seen.workers), seen.memory, Unit::Bytes);
    }
    let fewer = others.iter().find(|other| {
        (FEWEST..own.workers).contains(&other.workers)
            && part(other) >= ENOUGH
            && other.memory < own.memory
    });
    let to = match (loses, best, fewer) {
        (true, Some(best), _) => best,
        (false, _, Some(fewer)) => fewer,
        _ => return (finding, None),
    };
    let why = format!(
        "web.workers: {} planned; {} give {:.0} % of the throughput with {}",
        own.workers,
        to.workers,
        part(to) * 100.0,
        memory(own, *to)
    );
    let set = format!("--set tune.web.workers={}", to.workers);
    if loses {
        finding = finding.help(set);
    }
    let proposal = Proposal {
        key: "tune.web.workers".into(),
        from: own.workers.to_string(),
        to: to.workers.to_string(),
        why,
    };
    (finding, Some(proposal))
}

/// How much more or less memory another number takes.
fn memory(own: Measured, other: Measured) -> String {
    if own.memory <= 0.0 {
        return "memory that was not measured".to_owned();
    }
    let difference = (other.memory / own.memory - 1.0) * 100.0;
    match difference {
        less if less < -0.5 => format!("{:.0} % less memory", -less),
        more if more > 0.5 => format!("{more:.0} % more memory"),
        _ => "the same memory".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(workers: u64, throughput: f64, memory: f64) -> Measured {
        Measured { workers, throughput, memory }
    }

    #[test]
    fn fewer_that_give_as_much_are_proposed() {
        let (finding, proposal) =
            judged(of(5, 100.0, 500.0), &[of(3, 98.0, 300.0), of(6, 101.0, 600.0)], 0.8);
        assert!(!finding.is_failed());
        let proposal = proposal.unwrap();
        assert_eq!((proposal.from.as_str(), proposal.to.as_str()), ("5", "3"));
        assert_eq!(
            proposal.why,
            "web.workers: 5 planned; 3 give 98 % of the throughput with 40 % less memory"
        );
    }

    #[test]
    fn too_few_that_lose_much_do_not_hold() {
        let (finding, proposal) = judged(of(1, 100.0, 100.0), &[of(2, 150.0, 180.0)], 0.8);
        assert!(finding.is_failed());
        assert_eq!(proposal.unwrap().to, "2");
        let (finding, proposal) =
            judged(of(2, 100.0, 100.0), &[of(1, 80.0, 60.0), of(3, 105.0, 140.0)], 0.8);
        assert!(!finding.is_failed() && proposal.is_none());
        // One that is recycled, or hangs, would be the only one.
        let (finding, proposal) = judged(of(2, 100.0, 100.0), &[of(1, 150.0, 60.0)], 0.8);
        assert!(!finding.is_failed() && proposal.is_none());
    }

    #[test]
    fn what_no_process_can_cost_was_something_else() {
        let own = of(6, 206.0, 400.0);
        assert!(!of(5, 97.0, 360.0).is_plausible_beside(own));
        assert!(!of(7, 19.0, 430.0).is_plausible_beside(own));
        assert!(of(5, 165.0, 360.0).is_plausible_beside(own));
        assert!(of(1, 55.0, 60.0).is_plausible_beside(of(2, 150.0, 100.0)));
        assert!(of(7, 400.0, 430.0).is_plausible_beside(own));
    }
}
