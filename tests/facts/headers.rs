//! Finding ours in a `Cookie` header. Obligation 31.

use sealed_session::{CookieSettings, Epoch, KeyRing, ManualClock, OpenErrorKind, Sessions};

use sealed_session::testing::mint;

use crate::account::{Account, typical};
use crate::fixture::{NOW, Setting, at, key};

struct World {
    clock: ManualClock,
    sessions: Sessions<Account>,
    good: String,
}

fn world() -> World {
    let clock = ManualClock::new(at(NOW));
    let sessions = Sessions::<Account>::builder("shop.example", &KeyRing::from_key(key(1)))
        .clock(clock.clone())
        .build()
        .unwrap();
    let set = sessions.start(&typical()).unwrap();
    let good = set.as_str().split(';').next().unwrap().to_owned();
    World {
        clock,
        sessions,
        good,
    }
}

const BAD: &str = "__Host-session=AAAA";

impl World {
    fn kind(&self, header: impl AsRef<[u8]>) -> Result<(), OpenErrorKind> {
        self.sessions
            .open(header)
            .map(|session| assert_eq!(session.value(), &typical()))
            .map_err(|error| error.kind())
    }
}

#[test]
fn ours_is_found_among_others() {
    let world = world();
    let good = &world.good;
    for header in [
        good.clone(),
        format!("a=1; {good}"),
        format!("{good}; b=\"2, 3\"; c"),
        format!("a=1;{good};b=2"),
        format!("a=1; \t {good}"),
        format!("session=1; Host-session=2; __Host-session2=3; {good}"),
        format!("x__Host-session=1; {good}"),
    ] {
        assert_eq!(world.kind(&header), Ok(()), "{header}");
    }
}

#[test]
fn a_cookie_of_another_application_beyond_ascii_does_not_hide_ours() {
    let world = world();
    let header = [b"other=\xff\xfe\x80; ".as_slice(), world.good.as_bytes()].concat();
    assert_eq!(world.kind(header), Ok(()));
}

#[test]
fn no_cookie_of_ours_is_missing_and_not_an_attack() {
    let world = world();
    for header in ["", "a=1", "__Host-session", "__Host-sessio=n", "; ;; ="] {
        assert_eq!(world.kind(header), Err(OpenErrorKind::Missing), "{header}");
    }
    let none: [&str; 0] = [];
    let error = world.sessions.open_headers(none).unwrap_err();
    assert_eq!(error.kind(), OpenErrorKind::Missing);
}

#[test]
fn of_two_cookies_in_either_order_the_one_that_opens_wins() {
    let World { good, .. } = &world();
    let world = world();
    assert_eq!(world.kind(format!("{BAD}; {good}")), Ok(()));
    assert_eq!(world.kind(format!("{good}; {BAD}")), Ok(()));
    let two = [BAD, good.as_str()];
    assert!(world.sessions.open_headers(two).is_ok());
    let reversed = [
        http::HeaderValue::from_str(good).unwrap(),
        http::HeaderValue::from_static(BAD),
    ];
    assert!(world.sessions.open_headers(&reversed).is_ok());
}

#[test]
fn junk_that_fails_before_a_key_is_used_does_not_use_up_the_tries() {
    let world = world();
    let good = &world.good;
    let alien = Setting {
        key: 2,
        ..Setting::default()
    };
    let alien = format!("__Host-session={}", alien.seal(&typical()));
    for junk in [
        BAD,
        "__Host-session=",
        "__Host-session=%00",
        "__Host-session=AQ",
        alien.as_str(),
    ] {
        let header = format!("{}{good}", format!("{junk}; ").repeat(200));
        assert_eq!(world.kind(&header), Ok(()), "{junk}");
        let many: Vec<&str> = std::iter::repeat_n(junk, 200)
            .chain([good.as_str()])
            .collect();
        assert!(world.sessions.open_headers(many).is_ok(), "{junk}");
    }
}

/// The same cookie with a wrong tag.
fn forged(good: &str) -> String {
    let (start, last) = good.split_at(good.len() - 4);
    format!(
        "{start}{}{}",
        if last.starts_with('A') { 'B' } else { 'A' },
        &last[1..]
    )
}

#[test]
fn sixteen_cookies_are_tried_with_a_key_and_no_seventeenth() {
    let world = world();
    let good = &world.good;
    let forged = forged(good);
    for before in [0, 1, 14, 15, 16, 17, 40] {
        let header = format!("{}{good}", format!("{forged}; ").repeat(before));
        let expected = if before < 16 {
            Ok(())
        } else {
            Err(OpenErrorKind::Unauthentic)
        };
        assert_eq!(world.kind(&header), expected, "{before} before it");
        let many: Vec<&str> = std::iter::repeat_n(forged.as_str(), before)
            .chain([good.as_str()])
            .collect();
        assert_eq!(world.sessions.open_headers(many).is_ok(), before < 16);
        // What opens stays, whatever follows.
        let header = format!("{good}{}", format!("; {forged}").repeat(before));
        assert_eq!(world.kind(&header), Ok(()), "{before} after it");
    }
}

#[test]
fn of_several_that_open_the_newest_session_wins_and_then_its_newest_cookie() {
    let world = world();
    let cookie = |started: u64, issued: u64, user: u64| {
        let account = Account { user, ..typical() };
        let cookie = mint(&world.sessions)
            .signed_in_at(at(NOW - started))
            .issued_at(at(NOW - issued))
            .cookie(&account)
            .unwrap();
        cookie.pair().to_owned()
    };
    let older_renewed_just_now = cookie(3000, 0, 1);
    let newest = cookie(900, 900, 2);
    let newest_renewed = cookie(900, 300, 3);
    let others = [
        older_renewed_just_now.as_str(),
        newest.as_str(),
        newest_renewed.as_str(),
    ];
    for order in [
        [0, 1, 2],
        [0, 2, 1],
        [1, 0, 2],
        [1, 2, 0],
        [2, 0, 1],
        [2, 1, 0],
    ] {
        let header = order.map(|i| others[i]).join("; ");
        let session = world.sessions.open(&header).unwrap();
        assert_eq!(session.value().user, 3, "{order:?}");
        let session = world
            .sessions
            .open_headers(order.map(|i| others[i]))
            .unwrap();
        assert_eq!(session.value().user, 3, "{order:?}");
    }
    // A dead one does not win by its start.
    let dead = forged(&newest_renewed);
    let session = world
        .sessions
        .open(format!("{dead}; {older_renewed_just_now}"));
    assert_eq!(session.unwrap().value().user, 1);
}

#[test]
fn the_greatest_epoch_of_all_cookies_is_seen_whichever_wins() {
    let world = world();
    let epoch = |millis| Epoch::from_millis(NOW * 1000 + millis);
    let cookie = |started: u64, at_epoch: Epoch| {
        let minted = mint(&world.sessions)
            .signed_in_at(at(NOW - started))
            .epoch(at_epoch)
            .cookie(&typical());
        minted.unwrap().pair().to_owned()
    };
    let (new, old) = (cookie(10, epoch(1)), cookie(20, epoch(5)));
    let expired = cookie(5000, epoch(9));
    for (header, seen) in [
        (format!("{new}; {old}"), 5),
        (format!("{old}; {new}"), 5),
        (format!("{old}; {new}; {expired}"), 9),
        (format!("{expired}; {new}"), 9),
        (new.clone(), 1),
    ] {
        let session = world.sessions.open(&header).unwrap();
        assert_eq!(session.authentic_epoch(), epoch(seen), "{header}");
    }
}

#[test]
fn cookies_that_a_gateway_joined_by_commas_are_told_from_none() {
    let world = world();
    let good = &world.good;
    for header in [
        format!("a=1, {good}"),
        format!("a=1,{good}"),
        format!("{good}, a=1"),
        format!("{good},"),
        format!("a=1; b=2, {good}, c=3; d=4"),
    ] {
        assert_eq!(world.kind(&header), Err(OpenErrorKind::Joined), "{header}");
    }
    // One that stands by itself opens all the same.
    assert_eq!(world.kind(format!("a=1, {good}; {good}")), Ok(()));
    let error = world.sessions.open(format!("a=1, {good}")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the session cookie did not open: a comma joins it with another cookie; let the gateway join \
         Cookie headers by \"; \""
    );
}

#[test]
fn before_a_name_space_and_tab_are_skipped_and_nothing_else() {
    let world = world();
    let good = &world.good;
    for before in ["", " ", "\t", "  \t "] {
        assert_eq!(world.kind(format!("a=1;{before}{good}")), Ok(()));
    }
    for before in [
        "\n", "\r\n", "\x0b", "\x0c", "\0", "\u{a0}", "\u{3000}", " \n",
    ] {
        let kind = world.kind(format!("a=1;{before}{good}"));
        assert_eq!(kind, Err(OpenErrorKind::Missing), "{before:?}");
    }
}

#[test]
fn a_name_in_another_case_is_not_ours() {
    let world = world();
    let value = world.good.split_once('=').unwrap().1;
    for name in [
        "__host-session",
        "__HOST-session",
        "__Host-Session",
        "__HOST-SESSION",
    ] {
        assert_eq!(
            world.kind(format!("{name}={value}")),
            Err(OpenErrorKind::Missing)
        );
    }
}

#[test]
fn a_value_with_anything_around_it_does_not_open() {
    let world = world();
    let value = world.good.split_once('=').unwrap().1;
    for value in [
        format!(" {value}"),
        format!("{value} "),
        format!("\"{value}\""),
        format!("{value}="),
    ] {
        let kind = world.kind(format!("__Host-session={value}"));
        assert_eq!(kind, Err(OpenErrorKind::Malformed), "{value}");
    }
}

#[test]
fn the_first_64_kib_of_the_headers_are_read_and_no_more() {
    let world = world();
    let good = &world.good;
    let filler = |len: usize| "a".repeat(len);
    let full = format!("{}; {good}", filler(65_536 - good.len() - 2));
    assert_eq!(full.len(), 65_536);
    assert_eq!(world.kind(&full), Ok(()));
    // Its last letter is not read, so it is not known whether it is whole.
    assert_eq!(
        world.kind(format!("a{full}")),
        Err(OpenErrorKind::Malformed)
    );
    // Whatever follows does not hide it.
    for after in [";", "; a=1", "a", &format!("; {}", filler(200_000))] {
        let header = format!("{good}; {}{after}", filler(70_000));
        assert_eq!(world.kind(&header), Ok(()));
    }
    assert_eq!(world.kind(format!("{full};")), Ok(()));
    // The bound holds for several headers together.
    let late = [filler(40_000), format!("{}; {good}", filler(40_000))];
    let error = world.sessions.open_headers(&late).unwrap_err();
    assert_eq!(error.kind(), OpenErrorKind::Malformed);
    let early = [
        filler(40_000),
        format!("{good}; {}", filler(40_000)),
        filler(40_000),
    ];
    assert!(world.sessions.open_headers(&early).is_ok());
    let exact = [filler(65_536 - good.len()), good.clone()];
    assert!(world.sessions.open_headers(&exact).is_ok());
    let one_over = [filler(65_537 - good.len()), good.clone()];
    let error = world.sessions.open_headers(&one_over).unwrap_err();
    assert_eq!(error.kind(), OpenErrorKind::Malformed);
    // Where all is read and ours is not there, there is none.
    assert_eq!(world.kind(filler(65_536)), Err(OpenErrorKind::Missing));
    assert_eq!(world.kind(filler(65_537)), Err(OpenErrorKind::Malformed));
    let error = world
        .sessions
        .open_headers([filler(65_536), String::new()])
        .unwrap_err();
    assert_eq!(error.kind(), OpenErrorKind::Missing);
    for hostile in [
        "__Host-session=".repeat(4000),
        ";".repeat(65_536),
        "=;".repeat(32_768),
        ",".repeat(65_536),
    ] {
        assert!(world.kind(hostile).is_err());
    }
}

#[test]
fn a_long_header_after_a_dead_cookie_says_what_the_dead_one_said() {
    let world = world();
    world.clock.set(at(NOW + 1800));
    let header = format!("{}; {}", world.good, "a".repeat(70_000));
    assert_eq!(world.kind(header), Err(OpenErrorKind::Expired));
    let headers = [world.good.clone(), "a".repeat(70_000)];
    let error = world.sessions.open_headers(&headers).unwrap_err();
    assert_eq!(error.kind(), OpenErrorKind::Expired);
}

#[test]
fn of_several_that_do_not_open_the_check_that_came_furthest_is_told() {
    let world = world();
    world.clock.set(at(NOW + 1800));
    let dead = world.good.clone();
    let alien = Setting {
        key: 2,
        ..Setting::default()
    };
    let alien = format!("__Host-session={}", alien.seal(&typical()));
    for header in [
        format!("{alien}; {dead}"),
        format!("{dead}; {alien}"),
        format!("{BAD}; {dead}; a=1, {dead}"),
    ] {
        assert_eq!(world.kind(header), Err(OpenErrorKind::Expired));
    }
}

#[test]
fn two_sessions_in_one_application_do_not_open_each_others_cookies() {
    let ring = KeyRing::from_key(key(1));
    let build = |name| {
        Sessions::<Account>::builder("shop.example", &ring)
            .cookie(CookieSettings::host(name))
            .revocation_epoch(Epoch::ZERO)
            .build()
            .unwrap()
    };
    let (shop, admin) = (build("shop"), build("admin"));
    let set = shop.start(&typical()).unwrap();
    let value = set.as_str().split([';', '=']).nth(1).unwrap();
    assert!(shop.open(format!("__Host-shop={value}")).is_ok());
    let swapped = admin.open(format!("__Host-admin={value}"));
    assert_eq!(swapped.unwrap_err().kind(), OpenErrorKind::Unauthentic);
}
