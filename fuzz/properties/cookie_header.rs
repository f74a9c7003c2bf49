//! Any `Cookie` header: the same verdict as from a slow reading of it. `@` stands for a token that
//! opens, `$` for our name, so that the fuzzer can write them.

use sealed_session::{ManualClock, OpenErrorKind, Sessions, UnixTime};

use super::world::{AUDIENCE, COOKIE_NAME, NOW, TOKENS, ring};
use crate::account::Account;

pub fn cookie_header(data: &[u8]) {
    let header: Vec<u8> = data
        .iter()
        .flat_map(|byte| match byte {
            b'@' => TOKENS[0].as_bytes().to_vec(),
            b'$' => COOKIE_NAME.as_bytes().to_vec(),
            other => vec![*other],
        })
        .collect();
    let sessions = Sessions::<Account>::builder(AUDIENCE, &ring())
        .clock(ManualClock::new(UnixTime::from_secs(NOW)))
        .build()
        .unwrap();
    let opened = sessions
        .open(&header)
        .map(|_| ())
        .map_err(|error| error.kind());
    assert_eq!(opened, slowly(&sessions, &header));
}

fn slowly(sessions: &Sessions<Account>, header: &[u8]) -> Result<(), OpenErrorKind> {
    // A pair that begins within the first 64 KiB and ends after them is not read.
    let read = header.len().min(65_536);
    let mut pairs = Vec::new();
    let mut start = 0;
    for pair in header.split(|byte| *byte == b';') {
        let end = start + pair.len();
        if end <= read {
            pairs.push(pair);
        }
        start = end + 1;
    }
    let is_ours = |part: &[u8]| {
        let text = String::from_utf8_lossy(part);
        let text = text.trim_start_matches([' ', '\t']);
        text.split_once('=')
            .is_some_and(|(name, _)| name == COOKIE_NAME)
    };
    let mut verdicts = Vec::new();
    let mut keys_used = 0;
    for pair in pairs {
        let parts: Vec<&[u8]> = pair.split(|byte| *byte == b',').collect();
        if keys_used == 16 || !parts.iter().any(|part| is_ours(part)) {
            continue;
        }
        if parts.len() > 1 {
            verdicts.push(Err(OpenErrorKind::Joined));
            continue;
        }
        let value = pair
            .split(|byte| *byte == b'=')
            .skip(1)
            .collect::<Vec<_>>()
            .join(&b'=');
        let verdict = sessions
            .open_value(value)
            .map(|_| ())
            .map_err(|error| error.kind());
        keys_used +=
            usize::from(!matches!(verdict, Err(kind) if kind < OpenErrorKind::Unauthentic));
        verdicts.push(verdict);
    }
    if verdicts.contains(&Ok(())) {
        return Ok(());
    }
    let furthest = verdicts.into_iter().filter_map(Result::err).max();
    Err(furthest.unwrap_or(if header.len() > 65_536 {
        OpenErrorKind::Malformed
    } else {
        OpenErrorKind::Missing
    }))
}
