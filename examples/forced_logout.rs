//! Two processes share a file. One logs a user out; the other refuses the user's cookie within its
//! refresh interval.
//!
//! ```sh
//! cargo run --example forced_logout
//! ```

#![allow(clippy::print_stdout, reason = "an example shows what happens")]

use std::error::Error;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use sealed_session::{
    FileStore, Key, KeyRing, OpenErrorKind, RevocationEvent, Revocations, ScopeKind, Scopes,
    SessionData, Sessions,
};

const USER: ScopeKind<u64> = ScopeKind::new("user");

#[derive(serde::Serialize, serde::Deserialize)]
struct Account {
    user: u64,
}

impl SessionData for Account {
    const NAME: &'static str = "account";
    const SCHEMA: u32 = 1;
    fn scopes(&self, scopes: &mut Scopes<'_>) {
        scopes.add(USER, self.user);
    }
}

const INTERVAL: Duration = Duration::from_millis(500);

/// What every process of the application does.
fn sessions(keys: &KeyRing, file: &Path) -> Result<Sessions<Account>, Box<dyn Error>> {
    let revocations = Revocations::shared("shop.example", keys, FileStore::new(file))
        .refresh_interval(INTERVAL)
        .on_event(|event| {
            if let RevocationEvent::Failed(error) = event {
                eprintln!("{error}");
            }
        })
        .build()?;
    revocations.refresh().wait()?;
    let sessions = Sessions::builder("shop.example", keys)
        .revocations(revocations)
        .build()?;
    Ok(sessions)
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match &arguments[..] {
        [file, cookie] => serve(Path::new(file), cookie),
        _ => log_out(),
    }
}

/// The first process: signs a user in, and logs the user out.
fn log_out() -> Result<(), Box<dyn Error>> {
    let folder = std::env::temp_dir().join(format!("forced-logout-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let file = folder.join("revocations");
    let keys = KeyRing::from_key(Key::generate()?);

    // Once in the store's life.
    let store = Revocations::shared("shop.example", &keys, FileStore::new(&file)).build()?;
    store.create_store().wait()?;

    let sessions = sessions(&keys, &file)?;
    let sign_in = sessions.begin_sign_in().wait()?;
    let set_cookie = sign_in.start(&Account { user: 7 })?;
    let cookie = set_cookie.as_str().split(';').next().unwrap_or_default();

    let mut other = Command::new(std::env::current_exe()?)
        .args([file.as_os_str(), cookie.as_ref()])
        .env("SESSION_KEYS", keys.expose_secrets_in_one_line().as_str())
        .stdout(Stdio::piped())
        .spawn()?;
    let said = other.stdout.take().ok_or("no output")?;
    let mut said = BufReader::new(said).lines();
    println!("the other process: {}", said.next().ok_or("it died")??);

    let clock = sessions.revoke_scope(USER, 7).wait()?;
    let acknowledged = Instant::now();
    println!("this process:      user 7 is logged out, durably, at clock {clock}");
    println!("the other process: {}", said.next().ok_or("it died")??);
    let took = acknowledged.elapsed();
    println!(
        "                   {took:.0?} after the acknowledgement; its interval is {INTERVAL:?}"
    );
    other.wait()?;
    std::fs::remove_dir_all(folder)?;
    Ok(())
}

/// The other process: gets the cookie with every request.
fn serve(file: &Path, cookie: &str) -> Result<(), Box<dyn Error>> {
    let sessions = sessions(&KeyRing::from_env("SESSION_KEYS")?, file)?;
    let session = sessions.open(cookie)?;
    println!("user {} is signed in", session.value().user);
    loop {
        match sessions.open(cookie) {
            Ok(_) => std::thread::sleep(Duration::from_millis(5)),
            Err(error) if error.kind() == OpenErrorKind::Revoked => {
                println!("refused: {error}");
                return Ok(());
            }
            Err(error) => return Err(error.into()),
        }
    }
}
