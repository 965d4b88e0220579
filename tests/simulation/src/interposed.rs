//! The C library's clock and entropy, as they are in a simulation.
//!
//! Everything that asks for the time or for random bytes ends here: the standard library, the AWS SDK, SQLite, caches, hash maps. The
//! linker prefers these functions to the C library's. On a thread that simulates, the time is tokio's paused clock, and the bytes
//! follow from the seed; on any other thread both are the machine's own.
//!
//! Connections are real ones, over loopback: what is written is there to be read when the write returns, unless the kernel holds it back to
//! send more at once (Nagle's algorithm), for which it goes by its own clock. So no socket of a simulation does that.

#![expect(unsafe_code, reason = "functions of the C library have C's signatures")]

use std::cell::Cell;
use std::time::Instant;

use libc::{c_int, c_uint, c_void, clockid_t, size_t, ssize_t, time_t, timespec, timeval};

/// When every simulation begins: 2026-01-01T00:00:00Z, in nanoseconds since 1970.
const BEGINNING_NS: u64 = 1_767_225_600_000_000_000;
/// Where the monotonic clock begins. Not at zero: code subtracts from it.
const UPTIME_NS: u64 = 1_000_000_000_000_000;
const SECOND_NS: u64 = 1_000_000_000;

thread_local! {
    /// The state of the random bytes; `None` when this thread does not simulate.
    static ENTROPY: Cell<Option<u64>> = const { Cell::new(None) };
    /// The monotonic time of the beginning.
    static ORIGIN: Cell<Option<Instant>> = const { Cell::new(None) };
    /// Whether tokio is being asked for the time: then it may ask us.
    static ASKING: Cell<bool> = const { Cell::new(false) };
    static ELAPSED_NS: Cell<u64> = const { Cell::new(0) };
}

/// While it is there, its thread simulates.
#[derive(Debug)]
#[must_use]
pub struct Simulation(());

/// This thread simulates, with bytes that follow from `seed`. A thread does so once: what it seeded stays.
pub fn begin(seed: u64) -> Simulation {
    ENTROPY.set(Some(seed));
    ASKING.set(true);
    ORIGIN.set(Some(Instant::now()));
    ASKING.set(false);
    Simulation(())
}

impl Drop for Simulation {
    /// What a thread does last, as giving its memory back, goes by the machine's clock: tokio's is gone by then.
    fn drop(&mut self) {
        ENTROPY.set(None);
    }
}

/// The virtual time since the beginning of this thread's simulation, in nanoseconds.
///
/// It is asked under a guard, as tokio asks for the machine's time before its own clock is paused.
fn elapsed_ns() -> u64 {
    let Some(origin) = ORIGIN.get() else { return 0 };
    if !ASKING.replace(true) {
        let now = tokio::time::Instant::now().into_std();
        let elapsed = u64::try_from(now.saturating_duration_since(origin).as_nanos()).unwrap_or(u64::MAX);
        ELAPSED_NS.set(elapsed.max(ELAPSED_NS.get()));
        ASKING.set(false);
    }
    ELAPSED_NS.get()
}

/// SplitMix64. Source: Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014.
fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mixed = (*state ^ (*state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

/// C's `clock_gettime`.
///
/// # Safety
/// `time` points to a `timespec` that may be written, as C demands.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn clock_gettime(clock: clockid_t, time: *mut timespec) -> c_int {
    if ENTROPY.get().is_none() {
        // SAFETY: the arguments are the caller's own.
        return unsafe { libc::syscall(libc::SYS_clock_gettime, clock, time) } as c_int;
    }
    let beginning = match clock {
        libc::CLOCK_REALTIME | libc::CLOCK_REALTIME_COARSE => BEGINNING_NS,
        _ => UPTIME_NS,
    };
    let now = beginning + elapsed_ns();
    // SAFETY: the caller promises that it may be written.
    unsafe {
        (*time).tv_sec = (now / SECOND_NS) as libc::time_t;
        (*time).tv_nsec = (now % SECOND_NS) as libc::c_long;
    }
    0
}

/// C's `gettimeofday`, which SQLite asks.
///
/// # Safety
/// `time` points to a `timeval` that may be written, as C demands.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gettimeofday(time: *mut timeval, _: *mut c_void) -> c_int {
    let mut precise = timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: it is a local variable.
    unsafe { clock_gettime(libc::CLOCK_REALTIME, &raw mut precise) };
    // SAFETY: the caller promises that it may be written.
    unsafe {
        (*time).tv_sec = precise.tv_sec;
        (*time).tv_usec = precise.tv_nsec / 1_000;
    }
    0
}

/// C's `time`.
///
/// # Safety
/// `result` is null or points to a `time_t` that may be written, as C demands.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn time(result: *mut time_t) -> time_t {
    let mut precise = timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: it is a local variable.
    unsafe { clock_gettime(libc::CLOCK_REALTIME, &raw mut precise) };
    if !result.is_null() {
        // SAFETY: the caller promises that it may be written.
        unsafe { *result = precise.tv_sec };
    }
    precise.tv_sec
}

/// C's `getrandom`.
///
/// # Safety
/// `buffer` points to `length` bytes that may be written, as C demands.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn getrandom(buffer: *mut c_void, length: size_t, flags: c_uint) -> ssize_t {
    let Some(mut state) = ENTROPY.get() else {
        // SAFETY: the arguments are the caller's own.
        return unsafe { libc::syscall(libc::SYS_getrandom, buffer, length, flags) } as ssize_t;
    };
    // SAFETY: the caller promises that so many bytes may be written.
    let bytes = unsafe { std::slice::from_raw_parts_mut(buffer.cast::<u8>(), length) };
    for chunk in bytes.chunks_mut(8) {
        chunk.copy_from_slice(&next(&mut state).to_le_bytes()[..chunk.len()]);
    }
    ENTROPY.set(Some(state));
    length as ssize_t
}

/// C's `socket`.
///
/// # Safety
/// None is needed: it takes numbers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn socket(domain: c_int, kind: c_int, protocol: c_int) -> c_int {
    // SAFETY: the arguments are numbers.
    let socket = unsafe { libc::syscall(libc::SYS_socket, domain, kind, protocol) };
    let Ok(socket) = c_int::try_from(socket) else { return -1 };
    if socket >= 0 && domain == libc::AF_INET && ENTROPY.get().is_some() {
        let on: c_int = 1;
        let size = size_of::<c_int>();
        // SAFETY: the option is a number of that size. Whom an accepted connection comes from, it has the option of.
        unsafe {
            libc::syscall(
                libc::SYS_setsockopt,
                socket,
                libc::IPPROTO_TCP,
                libc::TCP_NODELAY,
                &raw const on,
                size,
            )
        };
    }
    socket
}
