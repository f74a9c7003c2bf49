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
    if header.len() > 65_536 {
        return Err(OpenErrorKind::Malformed);
    }
    let mut values = Vec::new();
    for pair in header.split(|byte| *byte == b';') {
        let start = pair
            .iter()
            .take_while(|byte| byte.is_ascii_whitespace())
            .count();
        let pair = &pair[start..];
        match pair.iter().position(|byte| *byte == b'=') {
            Some(equals) if pair[..equals] == *COOKIE_NAME.as_bytes() => {
                values.push(&pair[equals + 1..]);
            }
            _ => {}
        }
    }
    let verdicts: Vec<_> = values
        .into_iter()
        .take(4)
        .map(|value| {
            sessions
                .open_value(value)
                .map(|_| ())
                .map_err(|error| error.kind())
        })
        .collect();
    if verdicts.contains(&Ok(())) {
        return Ok(());
    }
    let furthest = verdicts.into_iter().filter_map(Result::err).max();
    Err(furthest.unwrap_or(OpenErrorKind::Missing))
}
