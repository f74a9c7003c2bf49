//! Ids of scopes as people write them, to the bytes that the library hashes.
//!
//! The library names a number by its shortest decimal, and a UUID by its text in small letters with
//! hyphens. An id that looks like one of these in another form would log out nobody, so it is refused
//! unless `--text` says that the application's ids are this very text.

use sealed_session::{Scope, SessionId};

use crate::args::IdForm;
use crate::hex::from_hex;
use crate::output::Failure;

/// The scope of `kind` with this id.
pub(crate) fn scope(kind: &str, id: &str, form: IdForm) -> Result<Scope, Failure> {
    if form.hex {
        return named(kind, &from_hex("the id", id)?);
    }
    if kind.trim() != kind {
        return Err(Failure::usage(
            "the kind of the scope has a space at its beginning or its end",
            "write it as the application's ScopeKind has it",
        ));
    }
    if !form.text {
        check_form(id)?;
    }
    named(kind, id.as_bytes())
}

/// The scope in `KIND=ID`.
pub(crate) fn pair(text: &str, form: IdForm) -> Result<Scope, Failure> {
    match text.split_once('=') {
        Some((kind, id)) if !kind.is_empty() && !id.is_empty() => scope(kind, id, form),
        _ => Err(Failure::usage(
            "a scope is written as KIND=ID",
            "write, for example, --scope user=7",
        )),
    }
}

/// The own scope of a session.
pub(crate) fn session(id: &str) -> Result<Scope, Failure> {
    let digits = id.len() == 16 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
    let number = u64::from_str_radix(id, 16).ok().filter(|_| digits);
    let number = number.ok_or_else(|| {
        Failure::usage(
            "a session id has 16 hex digits",
            "`inspect` prints the id of a cookie's session",
        )
    })?;
    Ok(Scope::session(SessionId::from_bytes(number.to_be_bytes())))
}

fn named(kind: &str, id: &[u8]) -> Result<Scope, Failure> {
    Scope::named(kind, id)
        .map_err(|error| Failure::usage(&error.to_string(), "use `revoke session`, or --session"))
}

fn check_form(id: &str) -> Result<(), Failure> {
    let another_form = if id.contains('=') {
        "the id has a = in it, as KIND=ID has, where the id alone is wanted"
    } else if is_uuid_in_another_form(id) {
        "the id looks like a UUID that is not in small letters with hyphens, as the library names UUIDs"
    } else if is_number_in_another_form(id) {
        "the id looks like a number that is not in its shortest form, as the library names numbers"
    } else if id.trim() != id {
        "the id has a space at its beginning or its end"
    } else {
        return Ok(());
    };
    Err(Failure::usage(
        another_form,
        "write it so; or, if the application's ids are this very text, add --text",
    ))
}

/// With a sign, leading zeros, spaces, or digits that are grouped.
fn is_number_in_another_form(id: &str) -> bool {
    let digits: String = id
        .chars()
        .filter(|c| !matches!(c, ' ' | '_' | ','))
        .collect();
    let number = digits.strip_prefix('+').unwrap_or(&digits);
    match number.parse::<i128>() {
        Ok(number) => number.to_string() != id,
        // Beyond every number that an id may be, but with zeros in front.
        Err(_) => false,
    }
}

/// With capital letters, in braces, as a URN or without hyphens.
fn is_uuid_in_another_form(id: &str) -> bool {
    let inner = id.trim();
    let inner = inner.trim_start_matches("urn:uuid:");
    let inner = inner.trim_start_matches('{').trim_end_matches('}');
    let digits: String = inner.chars().filter(|&c| c != '-').collect();
    let is_uuid = digits.len() == 32 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    // Digits alone are a number.
    let has_letters = digits.bytes().any(|byte| byte.is_ascii_alphabetic());
    let hyphens: Vec<usize> = id.match_indices('-').map(|(place, _)| place).collect();
    let has_capitals = id.bytes().any(|byte| byte.is_ascii_uppercase());
    is_uuid
        && (has_letters || !hyphens.is_empty())
        && (hyphens != [8, 13, 18, 23] || id.len() != 36 || has_capitals)
}
