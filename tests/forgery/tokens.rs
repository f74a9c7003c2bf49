//! Only what was sealed opens. Obligations 1 to 5.

use sealed_session::{OpenErrorKind, Protection};

use crate::account::{Account, of_len, typical};
use crate::fixture::{BOTH, NOW, Setting, open_with};
use crate::oracle::{base64url, from_base64url};

/// 16 bytes, a middle size, and the longest that a cookie holds.
fn sizes(setting: &Setting) -> [Account; 3] {
    let name_room = 4096 - setting.cookie_name.len();
    let overhead = match setting.protection {
        Protection::Encrypted => 45,
        Protection::Signed => 21,
    };
    let claims = 23;
    let longest = name_room / 4 * 3 + (name_room % 4) * 3 / 4 - overhead - claims;
    [typical(), of_len(500), of_len(longest)]
}

#[test]
fn the_longest_of_the_three_sizes_fills_the_cookie() {
    for protection in BOTH {
        let setting = Setting::of(protection);
        let token = setting.seal(&sizes(&setting)[2]);
        assert_eq!(setting.cookie_name.len() + token.len(), 4096);
    }
}

#[test]
fn no_single_flipped_bit_opens_in_any_size_or_protection() {
    for protection in BOTH {
        let setting = Setting::of(protection);
        let codec = setting.codec();
        for session in sizes(&setting) {
            let token = from_base64url(setting.seal(&session).as_bytes()).unwrap();
            for bit in 0..token.len() * 8 {
                let mut flipped = token.clone();
                flipped[bit / 8] ^= 1 << (bit % 8);
                let opened = open_with(&codec, base64url(&flipped), NOW, b"");
                assert!(
                    opened.is_err(),
                    "{protection:?}, bit {bit} of {}",
                    token.len() * 8
                );
            }
            assert!(open_with(&codec, base64url(&token), NOW, b"").is_ok());
        }
    }
}

#[test]
fn no_other_byte_at_any_place_of_the_text_opens() {
    for protection in BOTH {
        let setting = Setting::of(protection);
        let codec = setting.codec();
        let token = setting.seal(&typical()).into_bytes();
        for place in 0..token.len() {
            for byte in (0..=u8::MAX).filter(|byte| *byte != token[place]) {
                let mut other = token.clone();
                other[place] = byte;
                assert!(
                    open_with(&codec, &other, NOW, b"").is_err(),
                    "byte {byte} at {place} of {protection:?}"
                );
            }
        }
    }
}

#[test]
fn no_truncation_opens() {
    for protection in BOTH {
        let setting = Setting::of(protection);
        let codec = setting.codec();
        for session in sizes(&setting) {
            let text = setting.seal(&session);
            let token = from_base64url(text.as_bytes()).unwrap();
            for len in 0..token.len() {
                assert!(open_with(&codec, base64url(&token[..len]), NOW, b"").is_err());
                assert!(open_with(&codec, base64url(&token[len + 1..]), NOW, b"").is_err());
            }
            for len in 0..text.len() {
                assert!(open_with(&codec, &text[..len], NOW, b"").is_err());
            }
        }
    }
}

#[test]
fn no_extension_opens() {
    for protection in BOTH {
        let setting = Setting::of(protection);
        let codec = setting.codec();
        let token = from_base64url(setting.seal(&typical()).as_bytes()).unwrap();
        for place in 0..=token.len() {
            for byte in 0..=u8::MAX {
                let longer = [&token[..place], &[byte], &token[place..]].concat();
                let opened = open_with(&codec, base64url(&longer), NOW, b"");
                assert!(opened.is_err(), "{byte} at {place}");
            }
        }
        for more in 2..400 {
            let zeros = [token.as_slice(), &vec![0; more]].concat();
            let twice: Vec<u8> = token
                .iter()
                .cycle()
                .take(token.len() + more)
                .copied()
                .collect();
            for longer in [zeros, twice] {
                assert!(open_with(&codec, base64url(&longer), NOW, b"").is_err());
            }
        }
    }
}

#[test]
fn no_splice_of_two_tokens_opens_but_the_originals() {
    for protection in BOTH {
        let setting = Setting::of(protection);
        let codec = setting.codec();
        let other = Account {
            user: 69_246,
            ..typical()
        };
        let [a, b] = [typical(), other]
            .map(|session| from_base64url(setting.seal(&session).as_bytes()).unwrap());
        assert_eq!(a.len(), b.len());

        // Header, nonce, body and tag from either, in all sixteen ways.
        let body = a.len() - 16;
        let parts = [0..5, 5..29, 29..body, body..a.len()];
        for choice in 0..16u32 {
            let spliced: Vec<u8> = parts
                .iter()
                .enumerate()
                .flat_map(|(part, range)| {
                    let from = if choice >> part & 1 == 0 { &a } else { &b };
                    from[range.clone()].iter().copied()
                })
                .collect();
            let original = spliced == a || spliced == b;
            let opened = open_with(&codec, base64url(&spliced), NOW, b"");
            assert_eq!(
                opened.is_ok(),
                original,
                "{protection:?}, choice {choice:04b}"
            );
        }
        // The front of one and the back of the other, cut anywhere, moved by any distance.
        for front in 0..=a.len() {
            for back in 0..=b.len() {
                let spliced = [&a[..front], &b[back..]].concat();
                let original = spliced == a || spliced == b;
                let opened = open_with(&codec, base64url(&spliced), NOW, b"");
                assert_eq!(opened.is_ok(), original);
            }
        }
    }
}

#[test]
fn exactly_one_text_opens() {
    for protection in BOTH {
        let setting = Setting::of(protection);
        // Lengths of every remainder by three, so of every number of spare bits.
        for len in 20..26 {
            let token = setting.seal(&of_len(len));
            assert!(setting.open(&token).is_ok());
            assert_eq!(base64url(&from_base64url(token.as_bytes()).unwrap()), token);
            let standard = token.replace('-', "+").replace('_', "/");
            let mut others = vec![
                format!("{token}="),
                format!("{token}=="),
                format!("{token}A"),
                format!("{token}AAAA"),
                format!(" {token}"),
                format!("{token} "),
                format!("{token}\n"),
                format!("{token}\r\n"),
                format!("{token}\0"),
                format!("\"{token}\""),
                format!("'{token}'"),
                token.replacen('A', "%41", 1),
                format!("%20{token}"),
                format!("{}\r\n{}", &token[..40], &token[40..]),
                format!("{token}{token}"),
                token.to_lowercase(),
                token.to_uppercase(),
                hex::encode(from_base64url(token.as_bytes()).unwrap()),
            ];
            if standard != token {
                others.push(standard);
            }
            for other in others.iter().filter(|other| **other != token) {
                assert!(setting.open(other).is_err(), "{other:?}");
            }
        }
    }
}

/// rack-session (CVE-2026-39324) fell back to an unauthenticated decoder.
#[test]
fn a_decode_failure_never_falls_back_to_another_decoder() {
    for protection in BOTH {
        let setting = Setting::of(protection);
        let payload = hex::decode("fd9c0405616c696365010561646d696e").unwrap();
        let body = [crate::fixture::claims().encode(), payload.clone()].concat();
        let json = br#"{"user":69245,"name":"alice","roles":["admin"]}"#;
        for unsealed in [payload.as_slice(), &body, json] {
            for text in [
                unsealed.to_vec(),
                base64url(unsealed).into_bytes(),
                hex::encode(unsealed).into_bytes(),
                [unsealed, b"--", &[0; 64]].concat(),
                [base64url(unsealed).as_bytes(), b"--", &[b'0'; 64]].concat(),
                [
                    base64url(unsealed).as_bytes(),
                    b".",
                    base64url(&[0; 32]).as_bytes(),
                ]
                .concat(),
                [
                    b"eyJhbGciOiJub25lIn0.",
                    base64url(unsealed).as_bytes(),
                    b".",
                ]
                .concat(),
            ] {
                assert!(setting.open(text).is_err());
            }
        }
    }
}

#[test]
fn what_is_no_token_names_no_secret_and_its_own_step() {
    let setting = Setting::default();
    for (text, kind) in [
        ("", OpenErrorKind::Malformed),
        ("A", OpenErrorKind::Malformed),
        ("AQ", OpenErrorKind::Malformed),
        ("AA", OpenErrorKind::UnsupportedFormat),
        ("Ag", OpenErrorKind::UnsupportedFormat),
        ("eyJhbGciOiJub25lIn0", OpenErrorKind::UnsupportedFormat),
    ] {
        assert_eq!(setting.open(text), Err(kind), "{text}");
    }
}

#[test]
fn a_token_too_short_for_its_parts_is_malformed_before_a_key_is_looked_for() {
    for (protection, shortest) in BOTH.into_iter().zip([45, 21]) {
        let setting = Setting::of(protection);
        let first_byte = match protection {
            Protection::Encrypted => 1,
            Protection::Signed => 2,
        };
        for len in 0..=shortest {
            let mut token = vec![0; len];
            if let Some(first) = token.first_mut() {
                *first = first_byte;
            }
            let kind = if len < shortest {
                OpenErrorKind::Malformed
            } else {
                OpenErrorKind::UnknownKey
            };
            let opened = setting.open(base64url(&token));
            assert_eq!(opened.map(drop), Err(kind), "{protection:?}, {len} bytes");
        }
    }
}
