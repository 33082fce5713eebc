//! Parameters of the fold. They change by command only, so that an old log replays for ever.

use crate::types::Parameter;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameters {
    /// Finished orders, and separately fills, kept for queries.
    pub finished_max: u64,
    /// How long they are kept after the order finished or the fill happened.
    pub finished_ms: u64,
    /// Pending orders of one owner on one instrument.
    pub pending_per_instrument: u64,
    /// Pending orders of one owner.
    pub pending_per_owner: u64,
    /// Units of resumable work done at each advance of time.
    pub work_units: u64,
    /// Makers that one taker may match.
    pub walk_max: u64,
}

impl Default for Parameters {
    fn default() -> Self {
        Self {
            finished_max: 100_000,
            finished_ms: 600_000,
            pending_per_instrument: 500,
            pending_per_owner: 4000,
            work_units: 1000,
            walk_max: 1000,
        }
    }
}

impl Parameters {
    pub fn get(&self, parameter: Parameter) -> u64 {
        match parameter {
            Parameter::FinishedMax => self.finished_max,
            Parameter::FinishedMs => self.finished_ms,
            Parameter::PendingPerInstrument => self.pending_per_instrument,
            Parameter::PendingPerOwner => self.pending_per_owner,
            Parameter::WorkUnits => self.work_units,
            Parameter::WalkMax => self.walk_max,
        }
    }

    /// Whether a value is within the parameter's domain; if not, the nearest one that is.
    pub fn check(parameter: Parameter, value: u64) -> Result<(), u64> {
        let (lowest, highest) = domain(parameter);
        if !(lowest..=highest).contains(&value) {
            return Err(if value < lowest { lowest } else { highest });
        }
        Ok(())
    }

    /// Sets a value that `check` lets pass.
    pub fn set(&mut self, parameter: Parameter, value: u64) -> Result<(), u64> {
        Self::check(parameter, value)?;
        *match parameter {
            Parameter::FinishedMax => &mut self.finished_max,
            Parameter::FinishedMs => &mut self.finished_ms,
            Parameter::PendingPerInstrument => &mut self.pending_per_instrument,
            Parameter::PendingPerOwner => &mut self.pending_per_owner,
            Parameter::WorkUnits => &mut self.work_units,
            Parameter::WalkMax => &mut self.walk_max,
        } = value;
        Ok(())
    }
}

/// Every value has an upper bound, so that no parameter can make memory or a command unbounded.
fn domain(parameter: Parameter) -> (u64, u64) {
    match parameter {
        Parameter::FinishedMax => (0, 10_000_000),
        Parameter::FinishedMs => (0, 365 * 86_400_000),
        Parameter::PendingPerInstrument | Parameter::PendingPerOwner => (0, 1_000_000),
        Parameter::WorkUnits => (1, 1_000_000),
        Parameter::WalkMax => (1, 1_000_000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Criterion: CORE-EXC-4
    #[test]
    fn every_parameter_is_set_and_read_within_its_domain() {
        let mut parameters = Parameters::default();
        for parameter in Parameter::ALL {
            let (lowest, highest) = domain(*parameter);
            assert!((lowest..=highest).contains(&parameters.get(*parameter)));
            assert_eq!(parameters.set(*parameter, highest), Ok(()));
            assert_eq!(parameters.get(*parameter), highest);
            assert_eq!(parameters.set(*parameter, highest + 1), Err(highest));
        }
        assert_eq!(parameters.set(Parameter::WalkMax, 0), Err(1));
    }
}
