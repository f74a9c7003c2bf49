//! Answers, failures, and the exit codes that tell them apart.

use std::process::ExitCode;

use zeroize::Zeroizing;

/// The answer is no: not safe to deploy, or does not open.
pub(crate) const NO: u8 = 1;
/// Wrong arguments; as clap has it.
const USAGE: u8 = 2;
/// What was given cannot be read, or is not what it should be.
const INPUT: u8 = 3;
/// It could not be done.
const NOT_DONE: u8 = 4;

/// What a command has to say.
#[derive(Debug)]
pub(crate) struct Answer {
    /// For standard output. It may be a ring.
    pub(crate) text: Zeroizing<String>,
    /// For standard error, a line each.
    pub(crate) notes: Vec<String>,
    pub(crate) code: u8,
}

impl Answer {
    pub(crate) fn of(text: impl Into<String>) -> Self {
        Self {
            text: Zeroizing::new(text.into()),
            notes: Vec::new(),
            code: 0,
        }
    }

    pub(crate) fn json(value: &serde_json::Value) -> Self {
        Self::of(format!("{value:#}\n"))
    }

    pub(crate) fn unless(mut self, no: bool) -> Self {
        self.code = if no { NO } else { 0 };
        self
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
        eprintln!("error: {}", self.text);
        if let Some(next) = &self.next {
            eprintln!("next:  {next}");
        }
        ExitCode::from(self.code)
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}
