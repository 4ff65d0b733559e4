//! What the examples do when nobody reads their output.

use std::process::{Command, Stdio};

#[test]
fn a_closed_output_ends_an_example_quietly() {
    for program in [
        env!("CARGO_BIN_EXE_xor"),
        env!("CARGO_BIN_EXE_backpropagation"),
    ] {
        let mut command = Command::new(program);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // As `head` does when it has its lines.
        drop(child.stdout.take());
        let ended = child.wait_with_output().unwrap();
        assert!(
            ended.status.success() && ended.stderr.is_empty(),
            "{program}: {ended:?}"
        );
    }
}
