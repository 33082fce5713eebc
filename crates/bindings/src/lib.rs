//! The bridge between Python and the core: bytes in, bytes out, and nothing else.

mod claims;
mod launching;
mod requests;

use fullreserve_core::{ApplyError, Exchange, Halt};
// Linked for its allocator.
use fullreserve_memory as _;
use pyo3::create_exception;
use pyo3::exceptions::{PyException, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

create_exception!(
    fullreserve._core,
    CoreHalted,
    PyException,
    "A broken invariant or a caught panic; the core answers queries but applies nothing more."
);

/// Batches from this size on let other Python threads run while they are applied; below it the
/// hand-over would cost more than the work.
const LARGE_BATCH_BYTES: usize = 1 << 20;

/// The fold over the log. One thread at a time.
#[pyclass(module = "fullreserve._core")]
struct Core {
    exchange: Exchange,
}

fn halted(py: Python<'_>, halt: &Halt) -> PyErr {
    let error = CoreHalted::new_err(format!("sequence {}: {}", halt.sequence, halt.reason));
    let value = error.value(py);
    let set = value
        .setattr("sequence", halt.sequence)
        .and_then(|()| value.setattr("reason", halt.reason.as_str()));
    match set {
        Ok(()) => error,
        Err(failure) => failure,
    }
}

fn refused(py: Python<'_>, error: &ApplyError) -> PyErr {
    match error {
        ApplyError::Halted(halt) => halted(py, halt),
        other => PyValueError::new_err(other.to_string()),
    }
}

#[pymethods]
impl Core {
    #[new]
    fn new() -> Self {
        Self {
            exchange: Exchange::new(),
        }
    }

    #[pyo3(signature = (sequence, time_ms, commands, events = true, skip = None))]
    fn apply<'py>(
        &mut self,
        py: Python<'py>,
        sequence: u64,
        time_ms: u64,
        commands: &[u8],
        events: bool,
        skip: Option<Vec<u64>>,
    ) -> PyResult<Bound<'py, PyBytes>> {
        let skip = skip.unwrap_or_default();
        let exchange = &mut self.exchange;
        let applied = if commands.len() < LARGE_BATCH_BYTES {
            exchange.apply(sequence, time_ms, commands, events, &skip)
        } else {
            py.detach(|| exchange.apply(sequence, time_ms, commands, events, &skip))
        };
        match applied {
            Ok(events) => Ok(PyBytes::new(py, events)),
            Err(error) => Err(refused(py, &error)),
        }
    }

    #[pyo3(signature = (sequence, time_ms, commands, events = true, skip = None))]
    fn apply_alone<'py>(
        &mut self,
        py: Python<'py>,
        sequence: u64,
        time_ms: u64,
        commands: &[u8],
        events: bool,
        skip: Option<Vec<u64>>,
    ) -> PyResult<Option<Bound<'py, PyBytes>>> {
        let skip = skip.unwrap_or_default();
        let exchange = &mut self.exchange;
        let applied = if commands.len() < LARGE_BATCH_BYTES {
            exchange.apply_alone(sequence, time_ms, commands, events, &skip)
        } else {
            py.detach(|| exchange.apply_alone(sequence, time_ms, commands, events, &skip))
        };
        match applied {
            Ok(events) => Ok(events.map(|events| PyBytes::new(py, events))),
            Err(error) => Err(refused(py, &error)),
        }
    }

    fn query<'py>(&self, py: Python<'py>, query: &[u8]) -> PyResult<Bound<'py, PyBytes>> {
        match self.exchange.query(query) {
            Ok(answer) => Ok(PyBytes::new(py, &answer)),
            Err(why) => Err(PyValueError::new_err(format!(
                "the query is malformed: {why}"
            ))),
        }
    }

    fn snapshot<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        let exchange = &self.exchange;
        let bytes = py.detach(|| exchange.snapshot());
        PyBytes::new(py, &bytes)
    }

    #[staticmethod]
    fn restore(py: Python<'_>, data: &[u8]) -> PyResult<Self> {
        match py.detach(|| Exchange::restore(data)) {
            Ok(exchange) => Ok(Self { exchange }),
            Err(why) => Err(PyValueError::new_err(why.to_string())),
        }
    }

    fn state_hash<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.exchange.state_hash())
    }

    #[getter]
    fn sequence(&self) -> u64 {
        self.exchange.sequence()
    }

    #[getter]
    fn time_ms(&self) -> u64 {
        self.exchange.time_ms()
    }

    #[getter]
    fn next_due_ms(&self) -> u64 {
        self.exchange.next_due_ms()
    }

    #[getter]
    fn open_orders(&self) -> u64 {
        self.exchange.open_orders()
    }

    #[getter]
    fn finished_total(&self) -> u64 {
        self.exchange.finished_total()
    }
}

/// The version of the compiled core.
#[pyfunction]
fn version() -> &'static str {
    fullreserve_core::version()
}

/// The events with these tags, one bit each.
#[pyfunction]
fn select_events<'py>(py: Python<'py>, events: &[u8], tags: u64) -> PyResult<Bound<'py, PyBytes>> {
    match fullreserve_core::wire::select(events, tags) {
        Ok(selected) => Ok(PyBytes::new(py, &selected)),
        Err(why) => Err(PyValueError::new_err(why.to_string())),
    }
}

#[pymodule]
fn _core(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<Core>()?;
    module.add_class::<claims::ClaimsTree>()?;
    module.add_class::<requests::PlainOrders>()?;
    module.add_class::<requests::SignedRequests>()?;
    module.add("CoreHalted", module.py().get_type::<CoreHalted>())?;
    module.add_function(wrap_pyfunction!(launching::launch, module)?)?;
    module.add_function(wrap_pyfunction!(requests::taken_frame, module)?)?;
    module.add_function(wrap_pyfunction!(requests::whole_request, module)?)?;
    module.add_function(wrap_pyfunction!(select_events, module)?)?;
    module.add_function(wrap_pyfunction!(version, module)?)
}
