//! How long sessions last: by options, by the environment, and by a file that the application prints.

use std::time::Duration;

use crate::args::Timeouts;
use crate::output::Failure;

/// As sessions have them where nothing is said.
const IDLE: Duration = Duration::from_secs(30 * 60);
const ABSOLUTE: Duration = Duration::from_secs(12 * 60 * 60);
const SKEW: Duration = Duration::from_secs(60);

/// Of all kinds of session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Longest {
    /// The longest that a cookie opens after it was sealed.
    pub(crate) life: Duration,
    pub(crate) skew: Duration,
}

/// Of one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct OfKind {
    pub(crate) idle: Duration,
    pub(crate) absolute: Duration,
    pub(crate) skew: Duration,
}

impl Timeouts {
    /// What the options and the environment say, and the defaults for what they do not.
    fn given(&self) -> OfKind {
        OfKind {
            idle: self.idle_timeout.unwrap_or(IDLE),
            absolute: self.absolute_timeout.unwrap_or(ABSOLUTE),
            skew: self.skew.unwrap_or(SKEW),
        }
    }

    /// The longest of all that was said; the defaults only where nothing was.
    pub(crate) fn longest(&self) -> Result<Longest, Failure> {
        let mut kinds: Vec<OfKind> = self.lines()?.into_iter().map(|(_, kind)| kind).collect();
        if kinds.is_empty() {
            kinds.push(self.given());
        } else if self.idle_timeout.is_some() || self.absolute_timeout.is_some() {
            // Beside a file, what is not said bounds nothing.
            kinds.push(OfKind {
                idle: self.idle_timeout.unwrap_or(Duration::MAX),
                absolute: self.absolute_timeout.unwrap_or(Duration::MAX),
                skew: self.skew.unwrap_or_default(),
            });
        }
        let life = kinds.iter().map(|kind| kind.idle.min(kind.absolute));
        let skew = kinds.iter().map(|kind| kind.skew).chain(self.skew);
        Ok(Longest {
            life: life.max().unwrap_or(IDLE),
            skew: skew.max().unwrap_or(SKEW),
        })
    }

    /// Those of the sessions in this cookie: by its line in the file, or without a file what was given.
    pub(crate) fn of_cookie(&self, cookie: &str) -> Result<OfKind, Failure> {
        let lines = self.lines()?;
        if lines.is_empty() {
            return Ok(self.given());
        }
        let own = lines.into_iter().find(|(name, _)| name == cookie);
        own.map(|(_, kind)| kind).ok_or_else(|| {
            Failure::usage(
                &format!("the file of timeouts has no line for the cookie {cookie}"),
                "add its line, or leave out --timeouts and SESSION_TIMEOUTS",
            )
        })
    }

    fn lines(&self) -> Result<Vec<(String, OfKind)>, Failure> {
        let Some(path) = &self.timeouts else {
            return Ok(Vec::new());
        };
        let text = std::fs::read_to_string(path).map_err(|error| {
            Failure::input(format!("cannot read {}: {error}", path.display()))
                .then("name the file that the application has printed its timeouts to")
        })?;
        let lines = (1_usize..).zip(text.lines());
        let lines = lines.filter(|(_, line)| {
            let line = line.trim();
            !line.is_empty() && !line.starts_with('#')
        });
        let lines: Vec<_> = lines
            .map(|(number, line)| {
                parse(line).ok_or_else(|| {
                    Failure::input(format!(
                        "line {number} of {} is not COOKIE idle-timeout=30m absolute-timeout=12h \
                         skew=60s",
                        path.display()
                    ))
                    .then("write it as the library's `Sessions::timeouts` prints it")
                })
            })
            .collect::<Result<_, _>>()?;
        if lines.is_empty() {
            let text = format!("{} names no timeouts", path.display());
            return Err(Failure::input(text)
                .then("print a line for each kind of session by `Sessions::timeouts`"));
        }
        Ok(lines)
    }
}

/// A line: the cookie's name, then each of the three once, in any order.
fn parse(line: &str) -> Option<(String, OfKind)> {
    let mut words = line.split_whitespace();
    let name = words.next()?;
    let [mut idle, mut absolute, mut skew] = [None; 3];
    for word in words {
        let (what, value) = word.split_once('=')?;
        let place = match what {
            "idle-timeout" => &mut idle,
            "absolute-timeout" => &mut absolute,
            "skew" => &mut skew,
            _ => return None,
        };
        if place
            .replace(humantime::parse_duration(value).ok()?)
            .is_some()
        {
            return None;
        }
    }
    let kind = OfKind {
        idle: idle?,
        absolute: absolute?,
        skew: skew?,
    };
    (!name.contains('=')).then(|| (name.to_owned(), kind))
}
