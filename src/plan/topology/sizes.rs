//! The decided numbers of one service, as its value wants them.

use crate::plan::Decision;
use crate::plan::topology::{Resources, Times};
use crate::schema::Role;
use crate::schema::quantity::Quantity;
use crate::units::{MiB, MilliCpu};

/// The numbers of one service.
#[derive(Clone, Copy)]
pub(super) struct Sizes<'a> {
    decisions: &'a [Decision],
    role: Role,
}

impl<'a> Sizes<'a> {
    pub(super) const fn of(decisions: &'a [Decision], role: Role) -> Self {
        Self { decisions, role }
    }

    /// A number that may not have been decided for this stack.
    pub(super) fn find(self, name: &str) -> Option<&'a Quantity> {
        let found = self
            .decisions
            .iter()
            .find(|decision| decision.key.role == self.role && decision.key.row.name == name);
        found.map(|decision| &decision.value)
    }

    fn get(self, name: &str) -> &'a Quantity {
        self.find(name).unwrap_or_else(|| panic!("{}.{name} is not decided", self.role.name()))
    }

    /// A number that every service of this kind has.
    ///
    /// # Panics
    /// Where it was not decided.
    pub(super) fn number(self, name: &str) -> u64 {
        self.get(name).number()
    }

    pub(super) fn memory(self, name: &str) -> MiB {
        match self.get(name) {
            Quantity::MiB(memory) => *memory,
            other => panic!("{}.{name} = {other} is no memory", self.role.name()),
        }
    }

    fn cpus(self, name: &str) -> MilliCpu {
        match self.get(name) {
            Quantity::MilliCpu(cpus) => *cpus,
            other => panic!("{}.{name} = {other} is no CPU", self.role.name()),
        }
    }

    pub(super) fn times(self) -> Times {
        Times {
            interval: self.number("health-interval"),
            timeout: self.number("health-timeout"),
            retries: self.number("health-retries"),
            start_period: self.number("start-period"),
            start_interval: self.number("start-interval"),
        }
    }

    pub(super) fn resources(self) -> Resources {
        Resources {
            memory: self.memory("memory"),
            memory_reservation: self.memory("memory-reservation"),
            cpus: self.cpus("cpus"),
            cpus_reservation: self.cpus("cpus-reservation"),
            pids: self.number("pids"),
            shm: self.find("shm").map(|_| self.memory("shm")),
        }
    }
}
