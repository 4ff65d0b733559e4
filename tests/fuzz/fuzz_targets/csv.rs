#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    backburn_tests::fuzzing::csv(bytes);
});
