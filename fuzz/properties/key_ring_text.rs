//! Any text as a key ring: a ring that prints and reads back the same, or an error that names a
//! line of the text and shows none of its words.

use sealed_session::{KeyRing, UnixTime};

pub fn key_ring_text(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    match text.parse::<KeyRing>() {
        Ok(ring) => {
            let printed = ring.expose_secrets();
            let again: KeyRing = printed.parse().unwrap();
            assert_eq!(again.expose_secrets(), printed);
            assert_eq!(again.keys().len(), ring.keys().len());
            sealing_key_is_the_latest_that_has_begun(&ring);
        }
        Err(error) => {
            let lines = text.lines().count();
            assert!(error.line().is_none_or(|line| (1..=lines).contains(&line)));
            assert_eq!(error.line().is_none(), error.entry() == 0);
            let shown = format!("{error} {error:?}");
            for word in text.split(|c: char| c.is_whitespace() || ",#=".contains(c)) {
                assert!(word.len() < 24 || !shown.contains(word), "{shown}");
            }
        }
    }
}

fn sealing_key_is_the_latest_that_has_begun(ring: &KeyRing) {
    let times = ring
        .keys()
        .iter()
        .flat_map(|key| [key.seal_from(), key.open_until()]);
    for time in times.flatten().chain([UnixTime::from_secs(0)]) {
        for now in [
            time.as_secs().saturating_sub(1),
            time.as_secs(),
            time.as_secs().saturating_add(1),
        ] {
            let now = UnixTime::from_secs(now);
            let begun = ring
                .keys()
                .iter()
                .filter(|key| key.seal_from() <= Some(now));
            let latest = begun.clone().map(|key| key.seal_from()).max();
            let expected = begun
                .filter(|key| Some(key.seal_from()) == latest)
                .find(|key| key.open_until().is_none_or(|until| now < until))
                .map(|key| key.key().id("a"));
            assert_eq!(ring.sealing_key(now).map(|key| key.key().id("a")), expected);
        }
    }
}
