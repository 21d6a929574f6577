//! The decided numbers of one service, as its value wants them.

use crate::plan::Decisions;
use crate::plan::topology::{Resources, Times};
use crate::schema::Role;
use crate::schema::numbers::{Number, rows};
use crate::schema::quantity::Planned;

/// The numbers of one service.
#[derive(Clone, Copy)]
pub(super) struct Sizes<'a> {
    decisions: &'a Decisions,
    role: Role,
}

impl<'a> Sizes<'a> {
    pub(super) const fn of(decisions: &'a Decisions, role: Role) -> Self {
        Self { decisions, role }
    }

    /// A number that every service of this kind has.
    ///
    /// # Panics
    /// Where it was not decided.
    pub(super) fn get<T: Planned>(self, number: Number<T>) -> T {
        self.decisions.get(number, self.role)
    }

    pub(super) fn times(self) -> Times {
        Times {
            interval: self.get(rows::HEALTH_INTERVAL),
            timeout: self.get(rows::HEALTH_TIMEOUT),
            retries: self.get(rows::HEALTH_RETRIES),
            start_period: self.get(rows::START_PERIOD),
            start_interval: self.get(rows::START_INTERVAL),
        }
    }

    pub(super) fn resources(self) -> Resources {
        Resources {
            memory: self.get(rows::MEMORY),
            memory_reservation: self.get(rows::MEMORY_RESERVATION),
            cpu_shares: self.get(rows::CPU_SHARES),
            cpus: self.decisions.find(rows::CPUS, self.role),
            pids: self.get(rows::PIDS),
            shm: match self.role {
                Role::Web => Some(self.get(rows::SHM)),
                Role::Db => Some(self.get(rows::DB_SHM)),
                _ => None,
            },
        }
    }
}
