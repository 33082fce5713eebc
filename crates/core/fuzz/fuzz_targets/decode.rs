//! See `tests/fuzz/decode.rs`, which runs with the other tests, too.
#![no_main]

#[path = "../../tests/fuzz/decode.rs"]
mod decode;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    decode::hold(bytes);
});
