//! A ring in an environment variable: what of it may have been cut on its way, the form that nothing cuts,
//! and how rings are written.

use sealed_session::{KeyRing, KeyRingErrorKind, RingKey};

use crate::fixture::{at, key};
use crate::ring_text::{FROM, UNTIL, is_taken_as_two, refusal, text, two};

#[test]
fn seal_from_always_spells_out_what_a_bare_key_is() {
    let bare: KeyRing = text(1).parse().unwrap();
    for ring in [
        format!("{} seal-from=always", text(1)),
        format!("{},seal-from=always", text(1)),
    ] {
        let spelled: KeyRing = ring.parse().unwrap();
        assert_eq!(spelled.expose_secrets(), bare.expose_secrets());
        assert_eq!(spelled.keys()[0].seal_from(), None);
    }
    for (ring, kind) in [
        (
            format!("{} seal-from=always {FROM}", text(1)),
            KeyRingErrorKind::RepeatedField,
        ),
        (
            format!("{} {FROM} seal-from=always", text(1)),
            KeyRingErrorKind::RepeatedField,
        ),
        (
            format!("{} seal-from=always {} seal-from=always", text(1), text(2)),
            KeyRingErrorKind::SameSealFrom { other: 1 },
        ),
        (
            format!("{} open-until=always", text(1)),
            KeyRingErrorKind::OpenUntil(sealed_session::TimeError::NotRfc3339),
        ),
    ] {
        assert_eq!(refusal(&ring).0, kind);
    }
}

#[test]
fn a_variable_that_was_cut_at_a_space_is_refused() {
    let one = text(1);
    let whole = format!(
        "{one} {FROM} {UNTIL} {} seal-from=2027-01-01T00:00:00Z",
        text(2)
    );
    for (value, place) in [
        (one.clone(), "line 1, key 1"),
        (format!("{one},"), "line 1, key 1"),
        (format!("\u{feff}{one}\r\n"), "line 1, key 1"),
        (format!("'{one}'"), "line 1, key 1"),
        (format!("{one} # ours"), "line 1, key 1"),
        (format!("{one} {FROM}\n{}", text(2)), "line 2, key 2"),
    ] {
        assert!(value.parse::<KeyRing>().is_ok(), "nothing cuts a file");
        let error = KeyRing::from_variable(&value).unwrap_err();
        assert_eq!(error.kind(), KeyRingErrorKind::CutAtSpace);
        assert_eq!(
            error.to_string(),
            format!(
                "key ring, {place}: nothing follows the last key, as where the value was cut at a space; if \
                 there was more, put the value in quotes, or write commas instead of spaces; if this is \
                 all, write \"ssk1_…,seal-from=always\""
            )
        );
    }
    // Wherever this one is cut at a space or within a word, but behind a key's first time.
    let taken: Vec<usize> = (0..=whole.len())
        .filter(|end| KeyRing::from_variable(&whole[..*end]).is_ok())
        .collect();
    let first = one.len() + 1 + FROM.len();
    assert_eq!(taken, [first, first + 1, whole.len()]);
}

#[test]
fn a_variable_that_was_cut_at_a_line_end_is_refused() {
    let lines = format!("{} {FROM} {UNTIL}", text(1));
    assert!(lines.parse::<KeyRing>().is_ok());
    for value in [
        lines.clone(),
        format!("{} {UNTIL}", text(1)),
        format!("{lines}\n{} {UNTIL}", text(2)),
    ] {
        let error = KeyRing::from_variable(&value).unwrap_err();
        assert_eq!(error.kind(), KeyRingErrorKind::CutAtLineEnd);
        assert_eq!(
            error.to_string(),
            "key ring, line 1, key 1: the last key to seal has an open-until and no key follows it, as \
             where the value was cut at a line end; write commas instead of spaces and line ends; if this \
             is all, keep the ring in a file"
        );
    }
    // Whatever the order of the lines.
    let new = format!("{} seal-from=2027-01-01T00:00:00Z", text(2));
    for value in [format!("{lines}\n{new}"), format!("{new}\n{lines}")] {
        assert!(KeyRing::from_variable(&value).is_ok());
    }
}

#[test]
fn the_form_of_one_line_has_nothing_to_cut_and_reads_back() {
    let ring = KeyRing::new([
        RingKey::new(key(1)).with_open_until(at(1_801_440_000)),
        RingKey::new(key(2)).with_seal_from(at(1_795_305_600)),
    ]);
    let line = ring.unwrap().expose_secrets_in_one_line();
    let expected = format!("{},seal-from=always,{UNTIL},{},{FROM}", text(1), text(2));
    assert_eq!(line.as_str(), expected);
    is_taken_as_two(&line);
    let line = KeyRing::from_key(key(1)).expose_secrets_in_one_line();
    assert_eq!(line.as_str(), format!("{},seal-from=always", text(1)));
    assert!(KeyRing::from_variable(&line).is_ok());
}

/// A text that moves while it grows leaves a copy behind, which nobody wipes.
#[test]
fn a_printed_text_has_room_for_all_of_it_from_the_start() {
    let ring = |keys: [RingKey; 2]| KeyRing::new(keys).unwrap();
    let bare = RingKey::new(key(2));
    let entry = |seed| RingKey::new(key(seed)).with_seal_from(at(u64::MAX - u64::from(seed)));
    let short = ring([bare, entry(1)]);
    let long = ring([3, 1].map(|seed| entry(seed).with_open_until(at(u64::MAX))));
    let room = short.expose_secrets().capacity();
    for ring in [&short, &long] {
        assert_eq!(ring.expose_secrets().capacity(), room);
        assert_eq!(ring.expose_secrets_in_one_line().capacity(), room);
        for former in [&short, &long] {
            let former = former.expose_secrets();
            let amended = ring.amend(&former).unwrap();
            assert_eq!(amended.capacity(), former.len() + room);
        }
    }
    // With a line end behind it.
    assert!(long.expose_secrets_in_one_line().len() < room);
}

/// An update keeps what it can of the text, and what it writes is a ring.
#[test]
fn a_text_in_quotes_or_with_other_line_ends_is_amended() {
    let ring: KeyRing = two().parse().unwrap();
    let (one, old) = (
        format!("{} {FROM}  # new", text(2)),
        format!("{} {UNTIL}", text(1)),
    );
    for former in [
        format!("\u{feff}{one}\r\n{old}\r\n"),
        format!("\"{one}\r{old}\""),
        format!("\n'{one}\n{old}\n'\n").replacen('\n', "", 1),
    ] {
        let text = ring.amend(&former).unwrap();
        assert_eq!(text.as_str(), format!("{one}\n{old}\n"));
    }
    let closed = format!("{} {FROM} {UNTIL}", text(2))
        .parse::<KeyRing>()
        .unwrap();
    let amended = closed
        .amend(&format!("\"\n{},{FROM}#new\n\"", text(2)))
        .unwrap();
    assert_eq!(
        amended.as_str(),
        format!("\n{} {FROM} {UNTIL}  #new\n", text(2))
    );
}
