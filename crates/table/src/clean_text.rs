//! Text without what is no part of it: byte order marks, and zeros at its end.

use std::io::{self, Read};

/// The byte order mark of UTF-8.
const MARK: &[u8] = "\u{feff}".as_bytes();
/// The same mark, once read as Windows-1252 and written as UTF-8.
const MISREAD_MARK: &[u8] = "ï»¿".as_bytes();

/// More zeros are not held: the file is no text.
const MAX_HELD: usize = 1 << 20;

fn is_end(byte: &u8) -> bool {
    matches!(byte, 0 | 0x1a)
}

/// Passes UTF-8 through. Left out are byte order marks at the start of the text and of lines, where files with
/// marks were joined, and at the end zeros and the mark of an end of DOS.
pub(crate) struct CleanText<R> {
    reader: R,
    /// Bytes that are ready.
    ready: Vec<u8>,
    passed: usize,
    /// Bytes that may be left out, depending on what follows.
    held: Vec<u8>,
    /// How many of the held bytes are known to be an end.
    ends: usize,
    /// The last byte before those that are held; a line end at the start of the text.
    last: u8,
    /// Whether nothing but marks was read.
    at_start: bool,
    ended: bool,
}

impl<R: Read> CleanText<R> {
    pub fn new(reader: R) -> Self {
        Self {
            reader,
            ready: Vec::new(),
            passed: 0,
            held: Vec::new(),
            ends: 0,
            last: b'\n',
            at_start: true,
            ended: false,
        }
    }

    /// Takes bytes in. Without any, it is the end of the text.
    fn take(&mut self, bytes: &[u8]) {
        self.ended = bytes.is_empty();
        self.passed = 0;
        self.ready.clear();
        if self.goes_on_ending(bytes) {
            self.held.extend_from_slice(bytes);
            self.ends = self.held.len();
            return;
        }
        self.ready.append(&mut self.held);
        self.ready.extend_from_slice(bytes);
        if self.at_start {
            self.strip_start();
        }
        if self.ready.contains(&MARK[0]) {
            self.strip_lines();
        }
        self.hold_end();
        if let Some(&last) = self.ready.last() {
            self.last = last;
        }
    }

    /// Whether there are more zeros after those that are held. These are not moved then: the time would grow with the
    /// square of their number.
    fn goes_on_ending(&self, bytes: &[u8]) -> bool {
        let held = self.held.len();
        !bytes.is_empty()
            && held > 0
            && self.ends == held
            && held + bytes.len() <= MAX_HELD
            && bytes.iter().all(is_end)
    }

    /// Removes marks at the start of the text.
    fn strip_start(&mut self) {
        loop {
            let found = [MARK, MISREAD_MARK].into_iter().find_map(|mark| {
                let common = mark.len().min(self.ready.len());
                (mark[..common] == self.ready[..common]).then_some((mark, common))
            });
            match found {
                Some((mark, common)) if common == mark.len() => {
                    self.ready.drain(..common);
                }
                // It may go on as a mark.
                Some(_) if !self.ended => {
                    self.held.append(&mut self.ready);
                    return;
                }
                _ => {
                    self.at_start = false;
                    return;
                }
            }
        }
    }

    /// Removes marks at the start of lines, and holds the start of one.
    fn strip_lines(&mut self) {
        let mut from = 0;
        while let Some(place) = self.ready[from..].iter().position(|byte| *byte == MARK[0]) {
            let place = from + place;
            let before = match place.checked_sub(1) {
                Some(before) => self.ready[before],
                None => self.last,
            };
            let rest = &self.ready[place..];
            match () {
                () if !matches!(before, b'\n' | b'\r') => from = place + 1,
                () if rest.starts_with(MARK) => {
                    self.ready.drain(place..place + MARK.len());
                    from = place;
                }
                () if MARK.starts_with(rest) && !self.ended => {
                    self.held = self.ready.split_off(place);
                    return;
                }
                () => from = place + 1,
            }
        }
    }

    /// Holds zeros at the end, and leaves them out at the end of the text.
    fn hold_end(&mut self) {
        // What was held is not looked through again.
        let known = self.ends.min(self.ready.len());
        self.ends = 0;
        let new = &self.ready[known..];
        let kept = new.iter().rposition(|byte| !is_end(byte));
        let kept = kept.map_or(0, |last| known + last + 1);
        match self.ended {
            true => self.ready.truncate(kept),
            false if self.held.is_empty() && self.ready.len() - kept <= MAX_HELD => {
                self.held = self.ready.split_off(kept);
                self.ends = self.held.len();
            }
            false => {}
        }
    }

    /// Whether bytes pass as they are.
    fn is_clean(&self, bytes: &[u8]) -> bool {
        let last = bytes.last();
        !self.at_start
            && self.held.is_empty()
            && last.is_some_and(|byte| !is_end(byte))
            && !bytes.contains(&MARK[0])
    }
}

impl<R: Read> Read for CleanText<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.passed == self.ready.len() {
            if buffer.is_empty() || self.ended {
                return Ok(0);
            }
            let count = self.reader.read(buffer)?;
            let bytes = &buffer[..count];
            if self.is_clean(bytes) {
                self.last = bytes[count - 1];
                return Ok(count);
            }
            self.take(bytes);
        }
        let count = buffer.len().min(self.ready.len() - self.passed);
        buffer[..count].copy_from_slice(&self.ready[self.passed..self.passed + count]);
        self.passed += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    /// Reads a few bytes at a time.
    struct Slowly<'a>(&'a [u8], usize);

    impl Read for Slowly<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let count = self.1.min(self.0.len()).min(buffer.len());
            buffer[..count].copy_from_slice(&self.0[..count]);
            self.0 = &self.0[count..];
            Ok(count)
        }
    }

    fn clean(text: &[u8], step: usize) -> Vec<u8> {
        let mut all = Vec::new();
        let mut reader = CleanText::new(Slowly(text, step));
        reader.read_to_end(&mut all).unwrap();
        all
    }

    #[test]
    fn marks_and_zeros_are_left_out() {
        let zeros = [&b"x,y\n1,2\n"[..], &[0; 5000]].concat();
        let inside = format!("a{}b\n", "\0".repeat(300));
        for (text, expected) in [
            ("\u{feff}x,y\n1,2\n".as_bytes(), "x,y\n1,2\n"),
            ("\u{feff}\u{feff}x\n".as_bytes(), "x\n"),
            (
                "\u{feff}x\n1\n\u{feff}x\r\u{feff}2\n".as_bytes(),
                "x\n1\nx\r2\n",
            ),
            ("ï»¿x,ï»¿\n".as_bytes(), "x,ï»¿\n"),
            ("a\u{feff}b，c\nｄ\n".as_bytes(), "a\u{feff}b，c\nｄ\n"),
            (&zeros, "x,y\n1,2\n"),
            (b"x,y\r\n1,2\r\n\x1a", "x,y\r\n1,2\r\n"),
            (b"a\0\0b\0\n", "a\0\0b\0\n"),
            (inside.as_bytes(), &inside),
            (b"\xef\xbb\xbf", ""),
            (b"", ""),
            (b"\0\0", ""),
        ] {
            for step in (1..8).chain([100, 100_000]) {
                let found = String::from_utf8(clean(text, step)).unwrap();
                assert_eq!(found, expected, "{step}");
            }
        }
        // Many zeros take no longer than other text.
        let zeros = "\0".repeat(4 << 20);
        let started = Instant::now();
        assert_eq!(
            clean(format!("x{zeros}y").as_bytes(), 32).len(),
            2 + (4 << 20)
        );
        // Of those at the end, only the last are left out.
        assert!(clean(zeros.as_bytes(), 32).len() < 4 << 20);
        let taken = started.elapsed();
        assert!(taken < Duration::from_secs(10), "{taken:?}");
        // What is cut off is left for the check of UTF-8.
        for step in 1..4 {
            assert_eq!(clean(b"\xef\xbb", step), b"\xef\xbb");
            assert_eq!(clean(b"x\n\xef\xbb", step), b"x\n\xef\xbb");
        }
    }
}
