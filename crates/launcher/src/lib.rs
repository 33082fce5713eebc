//! Starts other programs on a thread of its own.
//!
//! A fork copies the page tables of all that a process holds. posix_spawn(3) copies nothing: the
//! new program borrows the memory until it begins. But whoever calls it waits for that, and a
//! beginning program has to get a processor first, which takes as long as a busy machine likes.
//! What Python has for it keeps the interpreter's lock meanwhile, so all its threads wait; and a
//! thread of Python's that gives the lock up takes it again while it may be sent off its processor
//! at any time. So the thread here is none of Python's.
//!
//! A program that asked to be told of its parent's death (`PR_SET_PDEATHSIG`) is told when the
//! thread ends that started it. There is one thread, which ends with the process.

mod spawn;

use std::ffi::CString;
use std::fs::File;
use std::io::{Error, Write};
use std::os::fd::{OwnedFd, RawFd};
use std::sync::OnceLock;
use std::sync::mpsc::{Sender, channel};
use std::thread;

/// What is started, with nothing else of its parent's than its standard error.
pub struct Program {
    /// Its path, then its arguments.
    pub command: Vec<CString>,
    /// NAME=VALUE.
    pub environment: Vec<CString>,
    /// What it reads; the parent's own where there is none.
    pub stdin: Option<RawFd>,
    /// Where it writes; the parent's own where there is none.
    pub stdout: Option<RawFd>,
}

type Request = (Program, OwnedFd);

static REQUESTS: OnceLock<Option<Sender<Request>>> = OnceLock::new();

/// Starts a program in a session of its own, without waiting for it.
///
/// Once it has begun, 4 bytes in the machine's order come through the pipe `answer`: its process
/// id, or less than 0 and the error's number, of execve(2). The program's descriptors stay open
/// until then. An answer that ends without a byte is a thread that is not there.
pub fn launch(program: Program, answer: OwnedFd) {
    if let Some(requests) = REQUESTS.get_or_init(start) {
        // A thread that has ended closes the pipe, which is the answer.
        let _ = requests.send((program, answer));
    }
}

fn start() -> Option<Sender<Request>> {
    let (sender, requests) = channel::<Request>();
    let serve = move || {
        for (program, answer) in requests {
            let said = spawn::spawn(&program).unwrap_or_else(|problem| -number(&problem));
            // Who asked may have gone.
            let _ = File::from(answer).write_all(&said.to_ne_bytes());
        }
    };
    let thread = thread::Builder::new().name("launcher".into());
    thread.spawn(serve).ok().map(|_| sender)
}

fn number(problem: &Error) -> i32 {
    problem.raw_os_error().unwrap_or(libc::EINVAL)
}
