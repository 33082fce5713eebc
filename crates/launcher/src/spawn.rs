//! posix_spawn(3).

use std::ffi::CString;
use std::io::{Error, ErrorKind, Result};
use std::mem::MaybeUninit;
use std::os::fd::RawFd;
use std::ptr::null;

use libc::{c_char, c_int, c_short};

use crate::Program;

const FIRST_CLOSED: RawFd = libc::STDERR_FILENO + 1;

/// Returns the process id once the program has begun.
pub fn spawn(program: &Program) -> Result<c_int> {
    let path = program.command.first().ok_or(ErrorKind::InvalidInput)?;
    let (actions, attributes) = (Actions::new(program)?, Attributes::new()?);
    let (command, environment) = (array(&program.command), array(&program.environment));
    let mut pid = 0;
    // SAFETY: both objects are initialised, and both arrays end with null and point to texts that
    // end with 0; all of them outlive the call.
    checked(unsafe {
        libc::posix_spawn(
            &mut pid,
            path.as_ptr(),
            &actions.0,
            &attributes.0,
            command.as_ptr().cast(),
            environment.as_ptr().cast(),
        )
    })?;
    Ok(pid)
}

/// As C has lists of texts.
fn array(texts: &[CString]) -> Vec<*const c_char> {
    texts
        .iter()
        .map(|text| text.as_ptr())
        .chain([null()])
        .collect()
}

fn checked(number: c_int) -> Result<()> {
    match number {
        0 => Ok(()),
        _ => Err(Error::from_raw_os_error(number)),
    }
}

/// What the new process does with its descriptors before the program begins.
struct Actions(libc::posix_spawn_file_actions_t);

impl Actions {
    fn new(program: &Program) -> Result<Self> {
        let mut room = MaybeUninit::uninit();
        // SAFETY: the call initialises what it is given, or says that it could not.
        let mut actions = unsafe {
            checked(libc::posix_spawn_file_actions_init(room.as_mut_ptr()))?;
            Self(room.assume_init())
        };
        let given = [
            (program.stdin, libc::STDIN_FILENO),
            (program.stdout, libc::STDOUT_FILENO),
        ];
        for (descriptor, its) in given {
            if let Some(descriptor) = descriptor {
                // SAFETY: the object is initialised.
                checked(unsafe {
                    libc::posix_spawn_file_actions_adddup2(&mut actions.0, descriptor, its)
                })?;
            }
        }
        // SAFETY: the object is initialised.
        checked(unsafe {
            libc::posix_spawn_file_actions_addclosefrom_np(&mut actions.0, FIRST_CLOSED)
        })?;
        Ok(actions)
    }
}

impl Drop for Actions {
    fn drop(&mut self) {
        // SAFETY: the object is initialised, and nobody uses it any more.
        unsafe { libc::posix_spawn_file_actions_destroy(&mut self.0) };
    }
}

/// A session of its own.
struct Attributes(libc::posix_spawnattr_t);

impl Attributes {
    fn new() -> Result<Self> {
        let mut room = MaybeUninit::uninit();
        // SAFETY: the call initialises what it is given, or says that it could not.
        let mut attributes = unsafe {
            checked(libc::posix_spawnattr_init(room.as_mut_ptr()))?;
            Self(room.assume_init())
        };
        let flags: c_short = libc::POSIX_SPAWN_SETSID;
        // SAFETY: the object is initialised.
        checked(unsafe { libc::posix_spawnattr_setflags(&mut attributes.0, flags) })?;
        Ok(attributes)
    }
}

impl Drop for Attributes {
    fn drop(&mut self) {
        // SAFETY: the object is initialised, and nobody uses it any more.
        unsafe { libc::posix_spawnattr_destroy(&mut self.0) };
    }
}
