//! What is read: rings by file, environment or standard input, and the present time.

use std::ffi::OsStr;
use std::fmt;
use std::io::Read as _;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::SystemTime;

use sealed_session::{
    KeyRing, KeyRingErrorKind, KeyRingFile, KeyRingSourceError, KeyRingSourceErrorKind, UnixTime,
};
use zeroize::Zeroizing;

use crate::output::Failure;

/// More than any ring or header.
const MAX_INPUT: u64 = 1 << 20;

/// Where a ring is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum RingAt {
    File(PathBuf),
    Stdin,
    Env(String),
}

impl FromStr for RingAt {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(match (text, text.strip_prefix("env:")) {
            ("-", _) => Self::Stdin,
            (_, Some(variable)) => Self::Env(variable.into()),
            _ => Self::File(text.into()),
        })
    }
}

impl fmt::Display for RingAt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Stdin => f.write_str("standard input"),
            Self::Env(variable) => write!(f, "environment variable {variable}"),
        }
    }
}

impl RingAt {
    pub(crate) fn load(&self) -> Result<KeyRing, Failure> {
        let loaded = match self {
            Self::File(path) => KeyRingFile::new(path).load(),
            Self::Env(variable) => KeyRing::from_env(variable),
            Self::Stdin => {
                let parsed = read_stdin("a key ring")?.parse();
                parsed.map_err(|error| KeyRingSourceError::ring("standard input", error))
            }
        };
        loaded.map_err(|error| unreadable(&error))
    }

    pub(crate) const fn is_stdin(&self) -> bool {
        matches!(self, Self::Stdin)
    }
}

/// There is no ring.
pub(crate) fn unreadable(error: &KeyRingSourceError) -> Failure {
    let next = match error.kind() {
        KeyRingSourceErrorKind::Ring(ring) if is_cut(ring.kind()) => {
            "`keys one-line FILE` prints a ring as one line without spaces, which nothing cuts"
        }
        KeyRingSourceErrorKind::NotSet => {
            "set it, or name another ring: FILE, - for standard input, or env:NAME"
        }
        KeyRingSourceErrorKind::Read(_) => {
            "name a file that may be read, - for standard input, or env:NAME"
        }
        _ => {
            "a ring has a line for each key: ssk1_… [seal-from=TIME] [open-until=TIME]; \
             `keys generate` makes one"
        }
    };
    Failure::input(error).then(next)
}

const fn is_cut(kind: KeyRingErrorKind) -> bool {
    matches!(
        kind,
        KeyRingErrorKind::CutAtSpace | KeyRingErrorKind::CutAtLineEnd
    )
}

/// All of standard input.
pub(crate) fn read_stdin(what: &str) -> Result<Zeroizing<String>, Failure> {
    // Room for all of it, so that it never moves and leaves a copy behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(64 * 1024));
    std::io::stdin()
        .take(MAX_INPUT.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(|error| {
            Failure::input(format!("cannot read {what} from standard input: {error}"))
        })?;
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > MAX_INPUT {
        let text = format!("standard input is longer than a mebibyte, so it is not {what}");
        return Err(Failure::input(text).then("is it the right file?"));
    }
    let text = std::str::from_utf8(&bytes).map_err(|_| {
        // The byte-order mark of either order, which no UTF-8 has.
        if let [0xff, 0xfe, ..] | [0xfe, 0xff, ..] = bytes.as_slice() {
            return Failure::input("standard input is UTF-16").then("save it as UTF-8");
        }
        let text = format!("standard input is not UTF-8, so it is not {what}");
        Failure::input(text).then("is it the right file?")
    })?;
    Ok(Zeroizing::new(text.into()))
}

/// The present time, or the one that was given in its place.
pub(crate) fn now(at: Option<UnixTime>) -> Result<UnixTime, Failure> {
    let now = at.map_or_else(|| UnixTime::try_from(SystemTime::now()), Ok);
    now.map_err(|error| Failure::not_done(format!("this machine's clock: {error}")).then("set it"))
}

/// Whether it has what only a key has.
pub(crate) fn holds_a_key(text: &OsStr) -> bool {
    text.to_string_lossy().contains("ssk1_")
}

/// A key in a variable that names a file or an audience, which would be printed.
pub(crate) fn misplaced_key() -> Option<Failure> {
    let mut variables = ["SESSION_AUDIENCE", "SESSION_REVOCATIONS"].into_iter();
    let variable = variables
        .find(|variable| std::env::var_os(variable).is_some_and(|value| holds_a_key(&value)))?;
    Some(Failure::usage(
        &format!("the environment variable {variable} holds a key"),
        "keys belong into SESSION_KEYS; SESSION_AUDIENCE is a name, SESSION_REVOCATIONS a file",
    ))
}
