//! Answers, failures, and the exit codes that tell them apart.

use std::fmt;
use std::io::{ErrorKind, IsTerminal as _, Write as _, stderr, stdout};
use std::process::ExitCode;
use std::sync::mpsc;
use std::time::Duration;

use sealed_session::{Epoch, UnixTime};
use zeroize::Zeroizing;

/// The answer is no: not safe to deploy, or does not open.
const NO: u8 = 1;
/// Wrong arguments; as clap has it.
const USAGE: u8 = 2;
/// What was given cannot be read, or is not what it should be.
const INPUT: u8 = 3;
/// It could not be done.
const NOT_DONE: u8 = 4;
/// Whether the answer is yes or no depends on what was not given.
const UNKNOWN: u8 = 5;

/// Red, yellow and green, where a terminal shows them and nobody asked for none.
const COLOURS: [(&str, &str); 3] = [
    ("error:", "\u{1b}[1;31merror:\u{1b}[0m"),
    ("warning:", "\u{1b}[1;33mwarning:\u{1b}[0m"),
    ("next:", "\u{1b}[1;32mnext:\u{1b}[0m"),
];

/// A text with each line's first word in its colour.
fn coloured(text: &str) -> String {
    let line = |line: &str| {
        let found = COLOURS.iter().find(|(word, _)| line.starts_with(word));
        found.map_or_else(
            || line.to_owned(),
            |(word, colour)| line.replacen(word, colour, 1),
        )
    };
    text.split_inclusive('\n').map(line).collect()
}

/// How long something may take before somebody at a terminal is told what it waits for.
const PATIENCE: Duration = Duration::from_secs(1);

/// Does `work`, and says every now and then what it waits for.
pub(crate) fn while_waiting<R>(what: &str, work: impl FnOnce() -> R) -> R {
    if !stderr().is_terminal() {
        return work();
    }
    std::thread::scope(|scope| {
        let (done, is_done) = mpsc::channel::<()>();
        scope.spawn(move || {
            let mut seconds = 0_u64;
            while is_done.recv_timeout(PATIENCE) == Err(mpsc::RecvTimeoutError::Timeout) {
                seconds = seconds.saturating_add(PATIENCE.as_secs());
                let _ = write!(stderr(), "\r{what}, {seconds} s ");
            }
            if seconds > 0 {
                let _ = writeln!(stderr());
            }
        });
        let answer = work();
        drop(done);
        answer
    })
}

/// The clock of a store: milliseconds since 1970, mostly some minutes ahead.
pub(crate) fn clock(epoch: Epoch) -> String {
    let millis = epoch.as_millis();
    format!("clock {millis} ({})", UnixTime::from_millis(millis))
}

/// What a command has to say.
#[derive(Debug)]
pub(crate) struct Answer {
    /// For standard output. It may be a ring.
    text: Zeroizing<String>,
    /// For standard error, a line each.
    notes: Vec<String>,
    code: u8,
    /// Whether something is another than before.
    changed: bool,
}

impl Answer {
    pub(crate) fn of(text: impl Into<String>) -> Self {
        Self {
            text: Zeroizing::new(text.into()),
            notes: Vec::new(),
            code: 0,
            changed: false,
        }
    }

    pub(crate) fn json(value: &serde_json::Value) -> Self {
        Self::of(format!("{value:#}\n"))
    }

    pub(crate) fn with_notes(mut self, notes: impl IntoIterator<Item = String>) -> Self {
        self.notes.extend(notes);
        self
    }

    /// The answer is no.
    pub(crate) fn unless(mut self, no: bool) -> Self {
        self.code = if no { NO } else { 0 };
        self
    }

    /// The answer is neither yes nor no.
    pub(crate) fn unknown(mut self) -> Self {
        self.code = UNKNOWN;
        self
    }

    /// Something was changed, whatever becomes of the answer.
    pub(crate) fn after_change(mut self) -> Self {
        self.changed = true;
        self
    }

    pub(crate) fn print(&self) -> ExitCode {
        for note in &self.notes {
            // Where nobody can be told, the work goes on.
            let _ = writeln!(anstream::stderr(), "{}", coloured(note));
        }
        // What is coloured is no ring, of which no copy is to be left behind.
        let is_coloured = self.text.contains('\u{1b}')
            || COLOURS.iter().any(|(word, _)| self.text.contains(word));
        let written = if is_coloured {
            let mut stdout = anstream::stdout().lock();
            stdout
                .write_all(coloured(&self.text).as_bytes())
                .and_then(|()| stdout.flush())
        } else {
            let mut stdout = stdout().lock();
            stdout
                .write_all(self.text.as_bytes())
                .and_then(|()| stdout.flush())
        };
        match written {
            Ok(()) => ExitCode::from(self.code),
            // As with `| head`: the reader has read enough.
            Err(error) if error.kind() == ErrorKind::BrokenPipe => ExitCode::from(self.code),
            Err(error) => {
                let failure = Failure::not_done(format!("cannot write the answer: {error}"));
                let next = if self.changed {
                    "what was asked for has been done; only the answer is lost"
                } else {
                    "nothing was changed; see to standard output, and run it again"
                };
                failure.then(next).report()
            }
        }
    }
}

/// Why there is no answer, and what to do next.
#[derive(Debug)]
pub(crate) struct Failure {
    code: u8,
    text: String,
    next: Option<String>,
}

impl Failure {
    pub(crate) fn usage(text: &str, next: &str) -> Self {
        Self::new(USAGE, text).then(next)
    }

    pub(crate) fn input(text: impl ToString) -> Self {
        Self::new(INPUT, text)
    }

    pub(crate) fn not_done(text: impl ToString) -> Self {
        Self::new(NOT_DONE, text)
    }

    fn new(code: u8, text: impl ToString) -> Self {
        Self {
            code,
            text: text.to_string(),
            next: None,
        }
    }

    /// What to do about it.
    pub(crate) fn then(mut self, next: &str) -> Self {
        self.next = Some(next.into());
        self
    }

    pub(crate) fn report(&self) -> ExitCode {
        let mut stderr = anstream::stderr().lock();
        let _ = writeln!(stderr, "{}", coloured(&format!("error: {}", self.text)));
        if let Some(next) = &self.next {
            let _ = writeln!(stderr, "{}", coloured(&format!("next:  {next}")));
        }
        ExitCode::from(self.code)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
