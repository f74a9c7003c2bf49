//! The whole story with real values: `cargo run --example quickstart`.
//!
//! A ring of two keys, a sign-in, and then everything that ends or moves a session. Each verdict is
//! what the crate returned; the clock is moved by hand.

use std::error::Error;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sealed_session::{
    CookieSettings, Epoch, Key, KeyRing, ManualClock, Revocations, RingKey, ScopeKind, Scopes,
    SessionData, Sessions, SetCookie, UnixTime,
};
use serde::{Deserialize, Serialize};

const USER: ScopeKind<u64> = ScopeKind::new("user");

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Account {
    user: u64,
    name: String,
    roles: Vec<String>,
}

impl SessionData for Account {
    const NAME: &'static str = "account";
    const SCHEMA: u32 = 1;

    fn scopes(&self, scopes: &mut Scopes<'_>) {
        scopes.add(USER, self.user);
    }
}

const SKEW: Duration = Duration::from_secs(60);

fn main() -> Result<(), Box<dyn Error>> {
    let start: UnixTime = "2026-11-22T12:00:00Z".parse()?;
    let rotation: UnixTime = "2026-11-22T12:20:00Z".parse()?;
    let clock = ManualClock::new(start);

    heading("Keys: one seals now, the next takes over at 12:20, on every server at once");
    let ring = KeyRing::new([
        RingKey::new(Key::generate()?),
        RingKey::new(Key::generate()?).with_seal_from(rotation),
    ])?;
    // A secret shows in the ring's text alone. Here, its first characters.
    for line in ring.expose_secrets().lines() {
        let (key, schedule) = line.split_at(53);
        println!("    {}…{schedule}", &key[..9]);
    }

    let build = |cookie, revocations| {
        Sessions::<Account>::builder("shop.example", &ring)
            .idle_timeout(Duration::from_secs(30 * 60))
            .absolute_timeout(Duration::from_secs(12 * 60 * 60))
            .cookie(cookie)
            .revocations(revocations)
            .clock(clock.clone())
            .build()
    };
    let revocations = Revocations::in_this_process_with(clock.clone(), SKEW, Epoch::ZERO)?;
    let sessions = build(CookieSettings::default(), revocations.clone())?;

    heading("Sign-in: a typed value becomes a Set-Cookie header");
    let account = Account {
        user: 69_245,
        name: "alice".into(),
        roles: vec!["admin".into(), "billing".into()],
    };
    let sign_in = sessions.begin_sign_in().wait()?;
    // … the password is checked here …
    let set_cookie = sign_in.start(&account)?;
    println!("    Set-Cookie: {set_cookie}");
    let header = cookie_header(&set_cookie);
    let value = header.split_once('=').map_or("", |(_, value)| value);
    let json = serde_json::to_string(&account)?;
    println!(
        "    {} characters, encrypted and authenticated, with its claims; the bare session in JSON \
         takes {}, and {} in base64",
        value.len(),
        json.len(),
        URL_SAFE_NO_PAD.encode(&json).len(),
    );

    heading("The next request: a Cookie header becomes the typed value again");
    let request = format!("theme=dark; {header}; lang=en");
    let session = sessions.open(&request)?;
    println!("    {:?}", session.value());
    println!("    {:?}", session.claims());

    heading("One flipped bit");
    let (name, value) = header.split_once('=').unwrap_or_default();
    let mut token = URL_SAFE_NO_PAD.decode(value)?;
    if let Some(byte) = token.get_mut(60) {
        *byte ^= 0b0000_1000;
    }
    let forged = format!("{name}={}", URL_SAFE_NO_PAD.encode(token));
    verdict(&sessions, &forged);

    heading("The same value under another cookie's name");
    let admin = build(CookieSettings::host("admin"), revocations)?;
    verdict(
        &admin,
        header.replace(sessions.cookie_name(), admin.cookie_name()),
    );

    heading("The clock jumps 10 minutes: alive, and a renewal is due");
    clock.advance(Duration::from_secs(10 * 60));
    let session = sessions.open(&header)?;
    println!("    due: {:?}", session.renewal());
    let header = cookie_header(&sessions.renew(&session)?);
    println!("    renewed: {:?}", sessions.open(&header)?.claims());

    heading("The clock jumps 31 minutes: idle for too long");
    let renewed_at = "2026-11-22T12:10:00Z".parse()?;
    clock.advance(Duration::from_secs(31 * 60));
    verdict(&sessions, &header);
    clock.set(renewed_at);

    heading("Rotation: the last second of the old key, and the first of the new one");
    for time in ["2026-11-22T12:19:59Z", "2026-11-22T12:20:00Z"] {
        clock.set(time.parse()?);
        let sealing = ring
            .sealing_key(time.parse()?)
            .map(|key| key.key().id("shop.example"));
        let moved_on = sessions.open(&header)?.renewal().key_moved_on();
        println!("    {time}: {sealing:?} seals; this session's key has moved on: {moved_on}");
    }
    let header = cookie_header(&sessions.renew(&sessions.open(&header)?)?);
    println!("    renewed under the new key, the same session since sign-in:");
    println!("    {:?}", sessions.open(&header)?.claims());

    heading("Log out one user, everywhere");
    let bob = Account {
        user: 7,
        name: "bob".into(),
        roles: vec![],
    };
    let bob_header = cookie_header(&sessions.start(&bob)?);
    sessions.revoke_scope(USER, account.user).wait()?;
    verdict(&sessions, &header);
    verdict(&sessions, &bob_header);

    heading("Log out everyone");
    sessions.revoke_everyone().wait()?;
    verdict(&sessions, &bob_header);
    let again = cookie_header(&sessions.start(&account)?);
    println!("  and a sign-in after it:");
    verdict(&sessions, &again);

    heading("Sign-out: the session ends, and a line removes the cookie");
    let session = sessions.open(&again)?;
    for set_cookie in sessions.sign_out(session).wait() {
        println!("    Set-Cookie: {set_cookie}");
    }
    println!("  and a copy of it:");
    verdict(&sessions, &again);
    Ok(())
}

fn heading(text: &str) {
    println!("\n{text}");
}

/// What a browser sends back.
fn cookie_header(set_cookie: &SetCookie) -> String {
    set_cookie.pair().into()
}

fn verdict(sessions: &Sessions<Account>, header: impl AsRef<[u8]>) {
    match sessions.open(header) {
        Ok(session) => println!("    opened: {:?}", session.value()),
        Err(error) => println!("    refused as {:?}: {error}", error.kind()),
    }
}
