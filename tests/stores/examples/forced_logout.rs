//! Two processes share a bucket on an S3 server on loopback. One logs a user out; the other refuses
//! the user's cookie within its refresh interval.
//!
//! ```sh
//! cd tests/stores && cargo run --example forced_logout
//! ```

use std::error::Error;
use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use sealed_session::{
    BucketStore, Key, KeyRing, OpenErrorKind, Revocations, ScopeKind, Scopes, SessionData, Sessions,
};
use sealed_session_stores::s3::Server;

const USER: ScopeKind<u64> = ScopeKind::new("user");

#[derive(serde::Serialize, serde::Deserialize)]
struct Account {
    user: u64,
}

impl SessionData for Account {
    const NAME: &'static str = "session";
    const SCHEMA: u32 = 1;
    fn scopes(&self, scopes: &mut Scopes<'_>) {
        scopes.add(USER, self.user);
    }
}

const INTERVAL: Duration = Duration::from_millis(500);

/// What every process of the application does. The environment has the bucket's address and
/// credentials.
fn revocations(keys: &KeyRing) -> Result<Revocations, Box<dyn Error>> {
    let store = BucketStore::new("s3://shop/sessions/revocations")?;
    let revocations = Revocations::shared("shop.example", keys, store);
    Ok(revocations.refresh_interval(INTERVAL).build()?)
}

async fn sessions(keys: &KeyRing) -> Result<Sessions<Account>, Box<dyn Error>> {
    let revocations = revocations(keys)?;
    revocations.refresh().await?;
    let sessions = Sessions::builder("shop.example", keys);
    Ok(sessions.revocations(revocations).build()?)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    match std::env::args().nth(1) {
        Some(cookie) => serve(&cookie).await,
        None => start().await,
    }
}

/// Starts the server, and both processes against it.
async fn start() -> Result<(), Box<dyn Error>> {
    if std::env::var_os("AWS_ENDPOINT").is_some() {
        return log_out().await;
    }
    let server = Server::start().await;
    let keys = KeyRing::from_key(Key::generate()?);
    println!("an S3 server listens on {}", server.address);
    let mut process = Command::new(std::env::current_exe()?);
    process
        .env("SESSION_KEYS", keys.expose_secrets_in_one_line().as_str())
        .env("AWS_ENDPOINT", format!("http://{}", server.address))
        .env("AWS_ALLOW_HTTP", "true")
        .env("AWS_REGION", "eu-central-1")
        .env("AWS_ACCESS_KEY_ID", "AKIDTEST")
        .env("AWS_SECRET_ACCESS_KEY", "a secret of the tests");
    let status = tokio::task::spawn_blocking(move || process.status()).await??;
    if status.success() {
        Ok(())
    } else {
        Err("it failed".into())
    }
}

/// The first process: signs a user in, and logs the user out.
async fn log_out() -> Result<(), Box<dyn Error>> {
    let keys = KeyRing::from_env("SESSION_KEYS")?;
    revocations(&keys)?.create_store().await?; // unless there is one
    let sessions = sessions(&keys).await?;
    let sign_in = sessions.begin_sign_in().await?;
    let set_cookie = sign_in.start(&Account { user: 7 })?;
    let cookie = set_cookie.as_str().split(';').next().unwrap_or_default();

    let mut other = Command::new(std::env::current_exe()?)
        .arg(cookie)
        .stdout(Stdio::piped())
        .spawn()?;
    let said = other.stdout.take().ok_or("no output")?;
    let mut said = BufReader::new(said).lines();
    println!("the other process: {}", said.next().ok_or("it died")??);

    let clock = sessions.revoke_scope(USER, 7).await?;
    let acknowledged = Instant::now();
    println!("this process:      user 7 is logged out, durably, at clock {clock}");
    println!("the other process: {}", said.next().ok_or("it died")??);
    let took = acknowledged.elapsed();
    println!(
        "                   {took:.0?} after the acknowledgement; its interval is {INTERVAL:?}"
    );
    other.wait()?;
    Ok(())
}

/// The other process: gets the cookie with every request.
async fn serve(cookie: &str) -> Result<(), Box<dyn Error>> {
    let sessions = sessions(&KeyRing::from_env("SESSION_KEYS")?).await?;
    let session = sessions.open(cookie)?;
    println!("user {} is signed in", session.value().user);
    loop {
        match sessions.open(cookie) {
            Ok(_) => tokio::time::sleep(Duration::from_millis(5)).await,
            Err(error) if error.kind() == OpenErrorKind::Revoked => {
                println!("refused: {error}");
                return Ok(());
            }
            Err(error) => return Err(error.into()),
        }
    }
}
