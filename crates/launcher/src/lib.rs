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
use std::sync::mpsc::{SendError, Sender, channel};
use std::sync::{Mutex, PoisonError};
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

/// The thread's, while there is one.
static REQUESTS: Mutex<Option<Sender<Request>>> = Mutex::new(None);

/// Starts a program in a session of its own, without waiting for it.
///
/// Once it has begun, 4 bytes in the machine's order come through the pipe `answer`: its process
/// id, or less than 0 and the error's number, of execve(2). The program's descriptors stay open
/// until then. An answer that ends without a byte is a thread that could not be made, as on a
/// machine that has no room for another: the next launch tries to make it again.
pub fn launch(program: Program, answer: OwnedFd) {
    let mut requests = REQUESTS.lock().unwrap_or_else(PoisonError::into_inner);
    hand_over(&mut requests, (program, answer), start);
}

/// To the thread there is, or to one that `start` makes. Whoever asked hears of neither by the
/// pipe's end.
fn hand_over(
    requests: &mut Option<Sender<Request>>,
    request: Request,
    start: impl FnOnce() -> Option<Sender<Request>>,
) {
    let unheard = match requests {
        Some(known) => known.send(request).err(),
        None => Some(SendError(request)),
    };
    if let Some(SendError(request)) = unheard {
        *requests = start().filter(|fresh| fresh.send(request).is_ok());
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

#[cfg(test)]
mod tests {
    use std::io::{Read, pipe};

    use super::*;

    /// Whether a program that is handed over begins.
    fn begins(
        requests: &mut Option<Sender<Request>>,
        start: impl FnOnce() -> Option<Sender<Request>>,
    ) -> bool {
        let (mut heard, answer) = pipe().expect("a pipe");
        let program = Program {
            command: vec![c"/bin/true".into()],
            environment: vec![],
            stdin: None,
            stdout: None,
        };
        hand_over(requests, (program, answer.into()), start);
        let mut said = Vec::new();
        heard.read_to_end(&mut said).expect("an answer");
        let child = said.try_into().map_or(0, i32::from_ne_bytes);
        if child > 0 {
            // SAFETY: a child of this process, and no place for its status.
            unsafe { libc::waitpid(child, std::ptr::null_mut(), 0) };
        }
        child > 0
    }

    /// Criterion: HOUSE-CHILD-5
    #[test]
    fn a_thread_that_could_not_be_made_is_made_when_it_is_needed_again() {
        let mut requests = None;
        assert!(!begins(&mut requests, || None));
        assert!(begins(&mut requests, start));
        assert!(begins(&mut requests, || panic!("there is one")));
    }

    /// Criterion: HOUSE-CHILD-5
    #[test]
    fn a_thread_that_has_ended_is_followed_by_another() {
        let (gone, requests) = channel();
        drop(requests);
        assert!(begins(&mut Some(gone), start));
    }
}
