//! The tree of claims for the room of reserves.

use fullreserve_prover::{Hash, Problem, Tree};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

fn wrong(problem: Problem) -> PyErr {
    PyValueError::new_err(problem.to_string())
}

/// The strict sum tree of what accounts are owed.
#[pyclass(module = "fullreserve._core")]
pub struct ClaimsTree {
    tree: Tree,
}

#[pymethods]
impl ClaimsTree {
    #[new]
    fn new(master: &[u8], assets: Vec<u32>) -> PyResult<Self> {
        let master: Hash = master
            .try_into()
            .map_err(|_| PyValueError::new_err("the master secret has 32 bytes"))?;
        if assets.is_empty() || !assets.is_sorted() {
            return Err(PyValueError::new_err("assets are ascending, at least one"));
        }
        let tree = Tree::new(master, assets);
        Ok(Self { tree })
    }

    fn stage(&mut self, py: Python<'_>, packed: &[u8]) -> PyResult<()> {
        py.detach(|| self.tree.stage(packed)).map_err(wrong)
    }

    fn place(&mut self, epoch: u64) {
        self.tree.place(epoch);
    }

    fn commit(&mut self, py: Python<'_>, epoch: u64) -> PyResult<()> {
        py.detach(|| self.tree.commit(epoch)).map_err(wrong)
    }

    fn root<'py>(&self, py: Python<'py>) -> (Bound<'py, PyBytes>, Vec<u128>) {
        let (hash, totals) = self.tree.root();
        (PyBytes::new(py, &hash), totals)
    }

    fn proof(&self, account: u64, epoch: u64) -> Option<String> {
        let proof = self.tree.proof(account, epoch)?;
        Some(proof.to_json())
    }

    #[getter]
    fn house(&self) -> Option<u64> {
        self.tree.house()
    }

    #[getter]
    fn leaves(&self) -> usize {
        self.tree.leaves()
    }

    #[getter]
    fn first_epoch(&self) -> u64 {
        self.tree.first_epoch()
    }
}
