//! Other programs, started where nobody waits for their beginning.

use std::ffi::CString;
use std::os::fd::{FromRawFd, OwnedFd, RawFd};

use fullreserve_launcher::Program;
use pyo3::prelude::*;

#[pyfunction]
#[pyo3(signature = (command, environment, stdin, stdout, answer))]
pub fn launch(
    command: Vec<Vec<u8>>,
    environment: Vec<Vec<u8>>,
    stdin: Option<RawFd>,
    stdout: Option<RawFd>,
    answer: RawFd,
) -> PyResult<()> {
    // SAFETY: the caller gives the descriptor away.
    let answer = unsafe { OwnedFd::from_raw_fd(answer) };
    let program = Program {
        command: texts(command)?,
        environment: texts(environment)?,
        stdin,
        stdout,
    };
    fullreserve_launcher::launch(program, answer);
    Ok(())
}

fn texts(texts: Vec<Vec<u8>>) -> PyResult<Vec<CString>> {
    let texts = texts.into_iter().map(CString::new);
    Ok(texts.collect::<Result<_, _>>()?)
}
