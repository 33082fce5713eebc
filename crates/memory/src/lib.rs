//! The allocator of the programs that hold an exchange: large tables on huge pages.
//!
//! Every access to a new page of memory costs the processor a walk through the page tables, and in
//! a book of a million orders nearly every access is to another page of 4 KiB. Pages of 2 MiB are
//! hundreds of times fewer. The kernel gives them to those who ask (`madvise(2)`, MADV_HUGEPAGE)
//! for ranges that begin at a multiple of their size, which no allocator of blocks guarantees.
//!
//! So allocations from 2 MiB on are mappings of their own, and grow by moving their pages instead
//! of copying them. All others, and all on other systems than Linux, go to the system's allocator.
//! Where the kernel has no huge pages to give, nothing changes but the place of the tables.
//!
//! To link this crate is to use it; this is the only code of the workspace that handles memory by
//! itself.

#[cfg(target_os = "linux")]
mod mapping;

#[cfg(target_os = "linux")]
#[global_allocator]
static ALLOCATOR: mapping::HugePages = mapping::HugePages;
