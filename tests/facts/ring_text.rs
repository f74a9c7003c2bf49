//! What reaches a program as a ring: through editors, shells, unit files, containers and consoles. Each is
//! taken whole, or refused with a sentence that says what to do; no part of a ring is silently lost.

use sealed_session::{KeyRing, KeyRingErrorKind};

use crate::fixture::key;

pub(crate) const FROM: &str = "seal-from=2026-11-22T00:00:00Z";
pub(crate) const UNTIL: &str = "open-until=2027-02-01T00:00:00Z";

pub(crate) fn text(seed: u8) -> String {
    key(seed).expose_secret().to_string()
}

/// A ring in a file: an old key and a new one.
pub(crate) fn two() -> String {
    format!("{} {UNTIL}\n{} {FROM}\n", text(1), text(2))
}

/// The sentence of what is refused, which shows nothing of the text.
#[track_caller]
pub(crate) fn refusal(ring: &str) -> (KeyRingErrorKind, String) {
    let error = ring.parse::<KeyRing>().unwrap_err();
    let strict = KeyRing::from_variable(ring).unwrap_err();
    assert_eq!(error, strict, "a variable and a file differ");
    let shown = format!("{error} {error:?}");
    for seed in 1..4 {
        let text = text(seed);
        for part in [&text[5..], &text[5..20], &text[40..]] {
            assert!(!shown.contains(part), "{shown}");
        }
    }
    assert!(!shown.contains("SESSION_KEYS"), "{shown}");
    (error.kind(), error.to_string())
}

#[track_caller]
pub(crate) fn is_taken_as_two(ring: &str) {
    for ring in [ring.parse(), KeyRing::from_variable(ring)] {
        let ring: KeyRing = ring.unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(ring.expose_secrets().as_str(), two());
    }
}

#[test]
fn a_byte_order_mark_at_the_start_is_skipped_and_elsewhere_refused() {
    is_taken_as_two(&format!("\u{feff}{}", two()));
    is_taken_as_two(&format!("\u{feff}\"{}\"\r\n", two()));
    let (kind, says) = refusal(&format!("{}\n\u{feff}{}", text(1), text(2)));
    assert_eq!(kind, KeyRingErrorKind::OtherWhiteSpace);
    assert_eq!(
        says,
        "key ring, line 2, column 1: white space that is not a space, tab or line end, or an invisible \
         character, as in text from a web page or a chat; delete it, and type a plain space where one \
         belongs"
    );
    let (_, says) = refusal(&format!("\u{feff}\u{feff}{}", text(1)));
    assert!(says.starts_with("key ring, line 1, column 1: "), "{says}");
}

#[test]
fn white_space_of_unicode_is_never_a_separator() {
    let spaces = [
        '\u{85}', '\u{a0}', '\u{1680}', '\u{2003}', '\u{2028}', '\u{2029}', '\u{202f}', '\u{205f}',
        '\u{3000}', '\u{ad}', '\u{180e}', '\u{200b}', '\u{200d}', '\u{200e}', '\u{202e}',
        '\u{2060}', '\u{2066}', '\u{feff}',
    ];
    for space in spaces {
        for ring in [
            format!("{}{space}{FROM}", text(1)),
            format!("{} {UNTIL}{space}\n{} {FROM}", text(1), text(2)),
            format!(" {space}{} {FROM}", text(1)),
            format!("{} {FROM}{space}", text(1)),
        ] {
            let (kind, _) = refusal(&ring);
            assert_eq!(kind, KeyRingErrorKind::OtherWhiteSpace, "{space:?}");
        }
    }
    let error = format!("{}\n  {}\u{a0}{FROM}", text(1), text(2)).parse::<KeyRing>();
    let error = error.unwrap_err();
    assert_eq!(
        (error.line(), error.column(), error.entry()),
        (Some(2), Some(56), 0)
    );
}

#[test]
fn other_characters_that_are_not_ascii_stand_in_comments_alone() {
    for c in [
        '“', '”', '‘', '’', '«', '–', '—', '…', 'а', 'é', '，', '＝', '🔑', '\u{fffd}',
    ] {
        let (kind, says) = refusal(&format!("{} {c}{FROM}", text(1)));
        assert_eq!(kind, KeyRingErrorKind::NotAscii, "{c}");
        assert_eq!(
            says,
            "key ring, line 1, column 55: a character that is not ASCII, as in text from a web page or \
             a chat; type it anew (only comments may hold such characters)"
        );
        is_taken_as_two(&two().replace('\n', &format!(" # {c}\u{a0}\n")));
    }
    is_taken_as_two(&two().replace('\n', " #\ta tab\n"));
}

#[test]
fn control_characters_are_refused_also_where_a_comment_would_seem_to_end() {
    for c in [
        '\0', '\u{7}', '\u{8}', '\u{b}', '\u{c}', '\u{1b}', '\u{1c}', '\u{7f}', '\u{9b}',
    ] {
        for ring in [
            format!("{}{c}{FROM}", text(1)),
            format!("{} # old{c}{} {FROM}", text(1), text(2)),
        ] {
            let (kind, _) = refusal(&ring);
            assert_eq!(kind, KeyRingErrorKind::ControlCharacter, "{c:?}");
        }
    }
    for c in ['\u{85}', '\u{2028}', '\u{2029}'] {
        let (kind, _) = refusal(&format!("# old{c}\n{} {FROM}", text(2)));
        assert_eq!(kind, KeyRingErrorKind::OtherWhiteSpace, "{c:?}");
    }
    // UTF-16 without a byte-order mark is UTF-8 with zeros.
    let wide: String = text(1).chars().flat_map(|c| [c, '\0']).collect();
    let (_, says) = refusal(&wide);
    assert_eq!(
        says,
        "key ring, line 1, column 2: a control character, as in a damaged file or one that is not UTF-8; \
         delete it, or save the ring as UTF-8"
    );
}

#[test]
fn one_pair_of_quotes_around_the_whole_is_taken_off() {
    for quote in ['"', '\''] {
        is_taken_as_two(&format!("{quote}{}{quote}", two()));
        is_taken_as_two(&format!(" \r\n{quote}\n{}\n {quote}\t\n", two()));
        is_taken_as_two(&format!("{quote}{}# it's \"quoted\"{quote}", two()));
    }
    is_taken_as_two(&format!("{}# don't, \"really\"\n", two()));
}

#[test]
fn lines_and_columns_are_those_of_the_text_with_its_quotes() {
    for (before, line, column) in [
        ("\"", 1, 55),
        ("\u{feff}\"", 1, 55),
        ("  \"", 1, 57),
        ("\n\n  \"", 3, 57),
        ("\r\n\"", 2, 55),
        ("\r\"", 2, 55),
        ("\"\n", 2, 54),
        ("\n\"\n\n", 4, 54),
    ] {
        let error = format!("{before}{}!\u{a0}\"", &text(1)[1..]).parse::<KeyRing>();
        let error = error.unwrap_err();
        assert_eq!(
            (error.line(), error.column()),
            (Some(line), Some(column)),
            "{before:?}"
        );
    }
}

#[test]
fn every_other_quote_is_refused() {
    let (a, b) = (text(1), text(2));
    for (ring, place) in [
        (format!("\"{a} {FROM}"), "line 1, column 1"),
        (format!("{a} {FROM}\""), "line 1, column 85"),
        (format!("\"{a} {FROM}'"), "line 1, column 1"),
        (format!("\"'{a} {FROM}'\""), "line 1, column 2"),
        (format!("\"{a}\" {FROM}"), "line 1, column 1"),
        (format!("\"{a}\"\n\"{b} {FROM}\""), "line 1, column 55"),
        (format!("{a},'{b}',{FROM}"), "line 1, column 55"),
        (format!("`{a} {FROM}`"), "line 1, column 1"),
        (format!("\"{a} {FROM}\" # ours"), "line 1, column 1"),
        ("\"".into(), "line 1, column 1"),
    ] {
        let (kind, says) = refusal(&ring);
        assert_eq!(kind, KeyRingErrorKind::Quote);
        assert_eq!(
            says,
            format!(
                "key ring, {place}: a quote; one pair of quotes may stand around the whole ring, and none \
                 inside it"
            )
        );
    }
    for ring in ["\"\"", "''", "\" \n\""] {
        assert_eq!(refusal(ring).0, KeyRingErrorKind::Empty);
    }
}

#[test]
fn a_name_before_the_key_is_refused() {
    let a = text(1);
    for ring in [
        format!("SESSION_KEYS={a} {FROM}"),
        format!("SESSION_KEYS=\"{a} {FROM}\""),
        format!("SESSION_KEYS='{a}'"),
        format!("SESSION_KEYS = {a}"),
        format!("SESSION_KEYS: {a} {FROM}"),
        format!("SESSION_KEYS: \"{a}\""),
        format!("  - SESSION_KEYS={a}"),
        format!("export SESSION_KEYS={a}"),
        format!("export SESSION_KEYS=\"{a}\""),
        format!("set SESSION_KEYS={a}"),
        format!("setx SESSION_KEYS \"{a} {FROM}\""),
        format!("set -x SESSION_KEYS {a}"),
        format!("ENV SESSION_KEYS {a}"),
        format!("$env:SESSION_KEYS = \"{a} {FROM}\""),
        format!("Environment=SESSION_KEYS={a}"),
        format!("Environment=\"SESSION_KEYS={a} {FROM}\""),
        format!("\"SESSION_KEYS={a} {FROM}\""),
        format!("{{\"SESSION_KEYS\":\"{a}\"}}"),
        format!("{{ \"keys\": \"{a}\" }}"),
        format!("keys:{a}"),
        format!("SESSION_KEYS=\u{a0}{a}"),
        format!("SESSION_KEYS=\"\n{a}\n\""),
        format!("SESSION_KEYS: |\n  {a}"),
        format!("SESSION_KEYS:\n  {a}"),
    ] {
        let (kind, says) = refusal(&ring);
        assert_eq!(kind, KeyRingErrorKind::NameBeforeKey, "{says}");
        assert_eq!(
            says,
            "key ring, line 1, key 1: a name stands before the key; give only what follows NAME= or \
             NAME:, from \"ssk1_\" on"
        );
    }
    // Also for the second key, in whatever way it is told from the first.
    for between in [" ", ",", ";", "\n"] {
        let (kind, _) = refusal(&format!("{a} {UNTIL}{between}OTHER={} {FROM}", text(2)));
        let expected = match between {
            ";" => KeyRingErrorKind::OpenUntil(sealed_session::TimeError::NotRfc3339),
            _ => KeyRingErrorKind::NameBeforeKey,
        };
        assert_eq!(kind, expected, "{between:?}");
    }
}

#[test]
fn a_line_end_that_is_written_as_a_backslash_and_a_letter_is_refused() {
    for (ring, column) in [
        (format!("{} {UNTIL}\\n{} {FROM}", text(1), text(2)), 86),
        (format!("{}\\r\\n{} {FROM}", text(1), text(2)), 54),
        (format!("\"{} {FROM}\\n\"", text(1)), 86),
        (format!("{} \\\n{FROM}", text(1)), 55),
    ] {
        let (kind, says) = refusal(&ring);
        assert_eq!(kind, KeyRingErrorKind::Backslash);
        assert_eq!(
            says,
            format!(
                "key ring, line 1, column {column}: a backslash, as in \\n that did not become a line end; \
                 separate keys and times by commas instead"
            )
        );
    }
}

#[test]
fn a_key_that_a_comment_swallowed_is_missed() {
    let (a, b) = (text(1), text(2));
    for (ring, place) in [
        // A console or `echo $KEYS` makes spaces of line ends.
        (format!("{a} {UNTIL} # old {b} {FROM}"), "line 1, column 93"),
        (format!("# the shop's keys {a} {FROM}"), "line 1, column 19"),
        (
            format!("# the shop's keys\\n{a} {FROM}"),
            "line 1, column 20",
        ),
        (format!("\n\"# {a} {FROM}\""), "line 2, column 4"),
        (format!("{a},{FROM}#{b}"), "line 1, column 86"),
    ] {
        let (kind, says) = refusal(&ring);
        assert_eq!(kind, KeyRingErrorKind::KeyInComment);
        assert_eq!(
            says,
            format!(
                "key ring, {place}: the comment after # holds a key, which is not read, as where a line \
                 end was lost; leave the comment out, or give each key a line"
            )
        );
    }
    // A line that is nothing but a comment may be a key that somebody put out of use.
    is_taken_as_two(&format!("# {} {FROM}\n{}", text(3), two()));
    is_taken_as_two(&format!("{}# not ssk1_ and not {}", two(), &text(3)[..52]));
    is_taken_as_two(&two().replace('\n', " # ssk1_, of the shop\n"));
}

#[test]
fn lines_end_in_each_way_that_editors_know() {
    for end in ["\n", "\r\n", "\r"] {
        is_taken_as_two(&two().replace('\n', end));
        is_taken_as_two(
            &format!("# ours\n\n{}\n\n", two().replace('\n', " # one,\n")).replace('\n', end),
        );
        let damaged = format!("# ours{end}{}{end}{}x", text(1), text(2));
        let error = damaged.parse::<KeyRing>().unwrap_err();
        assert_eq!((error.line(), error.entry()), (Some(3), 2), "{end:?}");
    }
}

#[test]
fn spaces_tabs_commas_and_line_ends_separate_keys_and_their_times_alike() {
    let (a, b) = (text(1), text(2));
    for ring in [
        format!("{a},{UNTIL},{b},{FROM}"),
        format!("{a}, {UNTIL}, {b}, {FROM},"),
        format!(",,{a} {UNTIL}\t{b}\t{FROM} ,\n"),
        // As a console that takes one line alone makes it.
        two().replace('\n', " "),
        format!("{a},{UNTIL}\n{b},{FROM}"),
    ] {
        is_taken_as_two(&ring);
    }
}

#[test]
fn a_time_stands_behind_its_key_on_the_same_line() {
    for ring in [
        format!("{}\n{FROM}", text(1)),
        format!("{FROM} {}", text(1)),
        format!("{}\n  {UNTIL},{}", text(1), text(2)),
    ] {
        let (kind, says) = refusal(&ring);
        assert_eq!(kind, KeyRingErrorKind::FieldBeforeKey);
        let sentence = "no key stands before this time; write seal-from and open-until behind their key, \
                        on the same line";
        assert!(says.ends_with(sentence), "{says}");
    }
    for word in [
        "seal-from",
        "seal_from=always",
        "SEAL-FROM=always",
        "=",
        "{FROM}",
        "hello",
    ] {
        let (kind, says) = refusal(&format!("{} {word}", text(1)));
        assert_eq!(kind, KeyRingErrorKind::UnknownField);
        assert_eq!(
            says,
            "key ring, line 1, key 1: neither a key, \"ssk1_…\", nor \"seal-from=TIME\" or \
             \"open-until=TIME\"; write them so, without spaces around ="
        );
    }
}

#[test]
fn what_is_stuck_to_a_key_is_told_from_a_broken_key() {
    let (a, b) = (text(1), text(2));
    for ring in [
        format!("{a}{b}"),
        format!("{a};{b} {FROM}"),
        format!("{a}|{FROM}"),
        format!("{a}{FROM}"),
        format!("{a}=\n"),
        format!("{a}&nbsp;{FROM}"),
    ] {
        let (kind, says) = refusal(&ring);
        assert_eq!(kind, KeyRingErrorKind::NotSeparated);
        assert_eq!(
            says,
            "key ring, line 1, key 1: the key goes on without a break; put a space, a comma or a line end \
             between it and what follows"
        );
    }
    let (kind, _) = refusal(&format!("{}x{a}", &a[..52]));
    assert_eq!(
        kind,
        KeyRingErrorKind::Key(sealed_session::KeyError::Length)
    );
}

/// As in `from_env(&std::env::var("SESSION_KEYS")?)`.
#[test]
fn a_ring_that_is_given_in_the_place_of_its_name_is_not_shown() {
    let ring = format!("{},{FROM}", text(1));
    let hidden = "whose name holds a key (not shown here; give the name of what holds the ring): ";
    let error = KeyRing::from_env(&ring).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("environment variable {hidden}not set")
    );
    let error = KeyRing::from_file(&ring).unwrap_err();
    assert!(error.to_string().starts_with(&format!("file {hidden}")));
    assert!(!format!("{error} {error:?}").contains(&text(1)[5..20]));
}

#[test]
fn base64_of_a_ring_is_told_from_a_ring() {
    use base64::Engine as _;
    for ring in [text(1), text(2), two()] {
        let encoded = base64::engine::general_purpose::STANDARD.encode(ring);
        let (kind, says) = refusal(&encoded);
        assert_eq!(kind, KeyRingErrorKind::Base64);
        assert_eq!(
            says,
            "key ring, line 1, key 1: the ring is in base64, as in a Kubernetes Secret; decode it first"
        );
    }
    // A secret of another library, whose signs are no name's.
    for secret in ["3q2+7w==", "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LSE="] {
        let (kind, _) = refusal(secret);
        assert_eq!(
            kind,
            KeyRingErrorKind::Key(sealed_session::KeyError::Prefix)
        );
    }
}
