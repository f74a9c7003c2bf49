//! Any text as a key ring: a ring that prints, in both forms, is amended and reads back the same, or an
//! error that names a line of the text and shows none of its words.

use sealed_session::{Key, KeyRing, KeyRingErrorKind, RingKey, UnixTime};

pub fn key_ring_text(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    match text.parse::<KeyRing>() {
        Ok(ring) => {
            let printed = ring.expose_secrets();
            same(&printed.parse().unwrap(), &ring);
            let line = ring.expose_secrets_in_one_line();
            assert!(!line.contains(char::is_whitespace));
            same(&line.parse().unwrap(), &ring);
            strict_reading_is_the_same_or_says_that_it_was_cut(text, &ring);
            amended_text_reads_as_the_other_ring(text, &ring);
            sealing_key_is_the_latest_that_has_begun(&ring);
        }
        Err(error) => {
            // CR alone ends a line, too.
            let lines = text.replace("\r\n", "\n").replace('\r', "\n");
            let lines: Vec<&str> = lines.lines().collect();
            match (error.line(), error.column()) {
                (None, column) => assert_eq!((error.entry(), column), (0, None)),
                (Some(line), None) => assert!(error.entry() > 0 && line <= lines.len()),
                (Some(line), Some(column)) => {
                    assert_eq!(error.entry(), 0);
                    assert!((1..=lines[line - 1].chars().count()).contains(&column));
                }
            }
            let shown = format!("{error} {error:?}");
            for word in text.split(|c: char| c.is_whitespace() || ",#=".contains(c)) {
                assert!(word.len() < 24 || !shown.contains(word), "{shown}");
            }
        }
    }
}

/// What a variable may hold; the last key's fields, spelled out, are enough.
fn strict_reading_is_the_same_or_says_that_it_was_cut(text: &str, ring: &KeyRing) {
    use KeyRingErrorKind::{CutAtLineEnd, CutAtSpace};
    let latest = ring.keys().iter().max_by_key(|key| key.seal_from());
    let ends = latest.unwrap().open_until().is_some();
    match KeyRing::from_variable(text) {
        Ok(strict) => {
            assert!(!ends);
            same(&strict, ring);
        }
        Err(error) if error.kind() == CutAtLineEnd => assert!(ends),
        Err(error) => assert_eq!(error.kind(), CutAtSpace),
    }
    match KeyRing::from_variable(&ring.expose_secrets_in_one_line()) {
        Ok(strict) => same(&strict, ring),
        Err(error) => assert!(ends && error.kind() == CutAtLineEnd),
    }
}

/// The same keys with the same times, in the same order.
fn same(a: &KeyRing, b: &KeyRing) {
    assert_eq!(a.keys().len(), b.keys().len());
    for (a, b) in a.keys().iter().zip(b.keys()) {
        assert_eq!(a.key().expose_secret(), b.key().expose_secret());
        assert_eq!(a.seal_from(), b.seal_from());
        assert_eq!(a.open_until(), b.open_until());
    }
}

/// One key goes, one is closed and one comes.
fn amended_text_reads_as_the_other_ring(text: &str, ring: &KeyRing) {
    let unchanged: KeyRing = ring.amend(text).unwrap().parse().unwrap();
    same(&unchanged, ring);
    let mut keys: Vec<RingKey> = ring.keys().iter().skip(1).cloned().collect();
    if let Some(key) = keys.first_mut() {
        *key = key.clone().with_open_until(UnixTime::from_secs(5));
    }
    let new = Key::from_bytes(&std::array::from_fn(|i| 100 + i as u8)).unwrap();
    let seal_from = UnixTime::from_secs(u64::MAX);
    keys.push(RingKey::new(new).with_seal_from(seal_from));
    // The input may have that key or that time already.
    let Ok(other) = KeyRing::new(keys) else {
        return;
    };
    same(&other.amend(text).unwrap().parse().unwrap(), &other);
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
