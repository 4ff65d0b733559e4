#![no_main]

libfuzzer_sys::fuzz_target!(
    init: backburn_tests::fuzzing::allow_caught_panics(),
    |bytes: &[u8]| {
        backburn_tests::fuzzing::json(bytes);
    }
);
