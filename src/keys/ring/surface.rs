//! What a ring's text is wrapped in on its way to a program, and which characters it may have.
//!
//! A byte-order mark at the start and one pair of quotes around the whole are taken off. What would only
//! look like a separator, a key or an end is refused: no part of a ring is lost without an error.

use crate::error::{KeyRingError, KeyRingErrorKind};
use crate::keys::key::{ENCODED_LEN, PREFIX};

use super::text::{OPEN_UNTIL, SEAL_FROM};

const BYTE_ORDER_MARK: char = '\u{feff}';

/// Words after which a shell, or a container's recipe, has a variable's name.
const ASSIGNING: [&str; 5] = ["export", "set", "setx", "env", "ENV"];

/// A ring's text without what it was wrapped in.
pub(super) struct Surface<'t> {
    text: &'t str,
    /// How many line ends stand before it, and then how many characters.
    lines_before: usize,
    columns_before: usize,
}

impl<'t> Surface<'t> {
    pub(super) fn of(text: &'t str) -> Self {
        let text = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
        let is_blank = |c: char| matches!(c, ' ' | '\t' | '\r' | '\n');
        let quoted = text.trim_end_matches(is_blank);
        let start = quoted.trim_start_matches(is_blank);
        let inside = |quote| start.strip_prefix(quote)?.strip_suffix(quote);
        let Some(inside) = inside('"').or_else(|| inside('\'')) else {
            return Self {
                text,
                lines_before: 0,
                columns_before: 0,
            };
        };
        let blanks = quoted.len().saturating_sub(start.len());
        let before = text.get(..=blanks).unwrap_or_default();
        Self {
            text: inside,
            lines_before: split_lines(before).count().saturating_sub(1),
            columns_before: split_lines(before).last().map_or(0, str::len),
        }
    }

    pub(super) fn lines(&self) -> impl Iterator<Item = Line<'t>> {
        let first = self.lines_before.saturating_add(1);
        let columns = core::iter::once(self.columns_before).chain(core::iter::repeat(0));
        let lines = (first..).zip(split_lines(self.text)).zip(columns);
        lines.map(|((number, whole), columns_before)| {
            let (content, comment) = match whole.split_once('#') {
                Some((content, comment)) => (content, Some(comment)),
                None => (whole, None),
            };
            Line {
                number,
                whole,
                content,
                comment,
                columns_before,
            }
        })
    }
}

/// Lines end with LF, CR LF, or CR alone, as editors have it.
fn split_lines(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    core::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let (line, after) = rest.split_at(rest.find(['\r', '\n']).unwrap_or(rest.len()));
        rest = ["\r\n", "\r", "\n"]
            .iter()
            .find_map(|end| after.strip_prefix(end))
            .unwrap_or_default();
        Some(line)
    })
}

/// One line.
pub(super) struct Line<'t> {
    /// From 1, in the whole text.
    pub(super) number: usize,
    pub(super) whole: &'t str,
    /// What stands before the comment.
    content: &'t str,
    pub(super) comment: Option<&'t str>,
    columns_before: usize,
}

impl<'t> Line<'t> {
    pub(super) fn words(&self) -> impl Iterator<Item = &'t str> + use<'t> {
        self.content
            .split([' ', '\t', ','])
            .filter(|word| !word.is_empty())
    }

    /// Whether it has nothing but what may stand in a ring. `place`: of its first key, if it has one.
    pub(super) fn check(&self, place: usize) -> Result<(), KeyRingError> {
        if self.has_a_name() {
            let kind = KeyRingErrorKind::NameBeforeKey;
            return Err(KeyRingError::new(kind, Some(self.number), place));
        }
        let columns = self.columns_before.saturating_add(1)..;
        let in_content = self.content.chars().map(refused);
        let in_comment = self.whole.chars().skip(self.content.chars().count());
        let refused = in_content
            .chain(in_comment.map(refused_in_comment))
            .zip(columns);
        let mut refused = refused.filter_map(|(kind, column)| Some((kind?, column)));
        refused.next().map_or(Ok(()), |(kind, column)| {
            Err(KeyRingError::at(kind, self.number, column))
        })
    }

    /// Whether it begins as an assignment in a shell, a unit, YAML or JSON does.
    fn has_a_name(&self) -> bool {
        let (lead, has_key) = match self.content.find(PREFIX) {
            Some(start) => (self.content.get(..start).unwrap_or_default(), true),
            None => (self.content, false),
        };
        let is_field = |word: &str| word.starts_with(SEAL_FROM) || word.starts_with(OPEN_UNTIL);
        let mut words = lead.split([' ', '\t', ',']).filter(|word| !is_field(word));
        if has_key
            && words
                .clone()
                .find(|word| !word.is_empty())
                .is_some_and(|word| ASSIGNING.contains(&word))
        {
            return true;
        }
        if has_key {
            return words.any(|word| word.contains(['=', ':']));
        }
        // A value that goes on in the next line; but signs at the end may be those of base64.
        words.any(|word| word.contains(':') || word.trim_end_matches('=').contains('='))
    }

    /// A key in the comment is meant to be none, or a line end before it was lost.
    pub(super) fn key_in_comment(&self) -> Option<KeyRingError> {
        let is_key = |rest: &str| {
            let mut key = rest.bytes().take(ENCODED_LEN);
            rest.len() >= ENCODED_LEN
                && key.all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
        };
        let column = |start| {
            let before = self.content.len().saturating_add(1).saturating_add(start);
            let before = self.whole.get(..before).unwrap_or_default().chars().count();
            self.columns_before.saturating_add(before).saturating_add(1)
        };
        let comment = self.comment?;
        let mut keys = comment.match_indices(PREFIX).filter(|(start, prefix)| {
            let rest = comment.get(start.saturating_add(prefix.len())..);
            rest.is_some_and(is_key)
        });
        let (start, _) = keys.next()?;
        let kind = KeyRingErrorKind::KeyInComment;
        Some(KeyRingError::at(kind, self.number, column(start)))
    }
}

/// Why `c` may not stand outside of a comment.
fn refused(c: char) -> Option<KeyRingErrorKind> {
    match c {
        '"' | '\'' | '`' => Some(KeyRingErrorKind::Quote),
        '\\' => Some(KeyRingErrorKind::Backslash),
        '\t' | ' '..='~' => None,
        _ if c.is_ascii() => Some(KeyRingErrorKind::ControlCharacter),
        _ if c.is_whitespace() || is_invisible(c) => Some(KeyRingErrorKind::OtherWhiteSpace),
        _ if c.is_control() => Some(KeyRingErrorKind::ControlCharacter),
        _ => Some(KeyRingErrorKind::NotAscii),
    }
}

/// Why `c` may not stand in a comment: a reader may see a line end where none is.
fn refused_in_comment(c: char) -> Option<KeyRingErrorKind> {
    match c {
        '\t' => None,
        '\u{85}' | '\u{2028}' | '\u{2029}' => Some(KeyRingErrorKind::OtherWhiteSpace),
        _ if c.is_control() => Some(KeyRingErrorKind::ControlCharacter),
        _ => None,
    }
}

/// Joiners, marks of direction, a hyphen that may be, and a byte-order mark in the middle.
const fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{3164}' | BYTE_ORDER_MARK
    )
}
