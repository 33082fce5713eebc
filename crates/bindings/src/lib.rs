//! The bridge between Python and the core: bytes in, bytes out, and nothing else.

use pyo3::prelude::*;

/// The version of the compiled core.
#[pyfunction]
fn version() -> &'static str {
    fullreserve_core::version()
}

#[pymodule]
fn _core(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(version, module)?)
}
