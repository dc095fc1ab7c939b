use std::{
    io::{self, Write},
    mem,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use crate::metrics::catalogue::LOG_RECORDS_DROPPED;

/// Bytes that may wait for the output; what comes above is dropped and counted.
const CAPACITY: usize = 4 * 1024 * 1024;

/// Lines are gathered for this long, so that a busy process writes many with one system call.
const GATHERING: Duration = Duration::from_millis(5);

/// Hands lines to a thread that writes them; it never waits for the output.
#[derive(Clone, Debug)]
pub struct Writer(Arc<Queue>);

#[derive(Debug, Default)]
struct Queue {
    state: Mutex<State>,
    filled: Condvar,
    emptied: Condvar,
}

#[derive(Debug, Default)]
struct State {
    waiting: Vec<u8>,
    writing: bool,
    hurry: bool,
}

impl Writer {
    /// Starts the thread that writes to `output`.
    ///
    /// # Errors
    /// When the thread cannot be started.
    pub fn start(output: impl Write + Send + 'static) -> io::Result<Self> {
        let queue = Arc::new(Queue::default());
        let written = Arc::clone(&queue);
        thread::Builder::new()
            .name("log".to_owned())
            .spawn(move || write_for_ever(&written, output))?;
        Ok(Self(queue))
    }

    /// Hands over a line, or drops it if too much waits already.
    pub fn push(&self, line: &[u8]) {
        let mut state = self.0.state();
        if state.waiting.len() + line.len() > CAPACITY {
            drop(state);
            return LOG_RECORDS_DROPPED.series(&[]).inc();
        }
        let first = state.waiting.is_empty();
        state.waiting.extend_from_slice(line);
        drop(state);
        if first {
            self.0.filled.notify_one();
        }
    }

    /// Waits until everything is written, at most `limit`.
    pub fn flush(&self, limit: Duration) {
        let end = Instant::now() + limit;
        let mut state = self.0.state();
        state.hurry = true;
        self.0.filled.notify_one();
        while state.writing || !state.waiting.is_empty() {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            state =
                self.0.emptied.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

impl Queue {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for the first line, and a moment for more.
    fn take_lines(&self, lines: &mut Vec<u8>) {
        let mut state = self.state();
        state.writing = false;
        if state.waiting.is_empty() {
            self.emptied.notify_all();
        }
        while state.waiting.is_empty() {
            state = self.filled.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        if !state.hurry {
            state = self
                .filled
                .wait_timeout(state, GATHERING)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
        state.writing = true;
        lines.clear();
        mem::swap(&mut state.waiting, lines);
    }
}

fn write_for_ever(queue: &Queue, mut output: impl Write) {
    let mut lines = vec![];
    loop {
        queue.take_lines(&mut lines);
        // There is nobody left to tell when the log itself is gone.
        _ = output.write_all(&lines).and_then(|()| output.flush());
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    /// An output that takes nothing until it is let go.
    struct Stuck(mpsc::Receiver<()>, Arc<Mutex<Vec<u8>>>);

    impl Write for Stuck {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            _ = self.0.recv();
            self.1.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_stuck_output_costs_lines_but_no_time_and_no_memory() {
        let (let_go, stuck) = mpsc::channel();
        let written = Arc::new(Mutex::new(vec![]));
        let writer = Writer::start(Stuck(stuck, Arc::clone(&written))).unwrap();
        let (line, begun) = ([b'x'; 64 * 1024], Instant::now());
        let dropped = LOG_RECORDS_DROPPED.series(&[]).get();
        for _ in 0..256 {
            writer.push(&line);
        }
        assert!(begun.elapsed() < Duration::from_secs(10));
        assert!(LOG_RECORDS_DROPPED.series(&[]).get() - dropped >= 128);
        drop(let_go);
        writer.flush(Duration::from_secs(5));
        assert_eq!(written.lock().unwrap().len() % line.len(), 0, "a line is whole or not there");
    }

    #[test]
    fn all_that_was_handed_over_is_written_in_its_order() {
        let (let_go, stuck) = mpsc::channel();
        drop(let_go);
        let written = Arc::new(Mutex::new(vec![]));
        let writer = Writer::start(Stuck(stuck, Arc::clone(&written))).unwrap();
        for number in 0..1_000 {
            writer.push(format!("{number}\n").as_bytes());
        }
        writer.flush(Duration::from_secs(5));
        let text = String::from_utf8(written.lock().unwrap().clone()).unwrap();
        assert!(text.lines().eq((0..1_000).map(|number| number.to_string())));
    }

    #[test]
    fn an_output_that_hangs_holds_up_the_end_no_longer_than_is_allowed() {
        let (_hung, stuck) = mpsc::channel();
        let writer = Writer::start(Stuck(stuck, Arc::default())).unwrap();
        writer.push(b"line\n");
        let begun = Instant::now();
        writer.flush(Duration::from_millis(200));
        let took = begun.elapsed();
        assert!((200..5_000).contains(&took.as_millis()), "{took:?}");
    }
}
