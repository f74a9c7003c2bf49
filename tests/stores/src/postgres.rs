//! PostgreSQL, as it is installed, with its own settings but for where it is.

use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;

use sealed_session::PostgresStore;
use tempfile::TempDir;

use crate::process::{Process, free_address, run, wait_until};

pub struct Postgres {
    folder: TempDir,
    pub address: SocketAddr,
    process: Option<Process>,
}

/// The newest of Debian's folders of programs, or where the path finds them.
fn program(name: &str) -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten();
    let programs = versions.filter_map(|version| Some(version.ok()?.path().join("bin").join(name)));
    let mut programs: Vec<PathBuf> = programs.filter(|program| program.exists()).collect();
    programs.sort();
    programs.pop().unwrap_or_else(|| name.into())
}

/// A program of PostgreSQL, which does not run as root.
fn command(name: &str) -> Command {
    let program = program(name);
    if !is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command
        .args([
            "--reuid=postgres",
            "--regid=postgres",
            "--clear-groups",
            "--",
        ])
        .arg(program);
    command
}

fn is_root() -> bool {
    run(Command::new("id").arg("-u")).trim() == "0"
}

/// A folder that PostgreSQL's user may write.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o755)).unwrap();
    if is_root() {
        run(Command::new("chown").arg("postgres").arg(folder.path()));
    }
    folder
}

impl Postgres {
    pub fn start() -> Self {
        Self::of(Self::made())
    }

    /// With TLS, and a certificate for 127.0.0.1 that nobody else vouches for, which is returned as PEM.
    pub fn with_tls() -> (Self, String) {
        let folder = Self::made();
        let data = folder.path().join("data");
        let own = rcgen::generate_simple_self_signed([String::from("127.0.0.1")]).unwrap();
        let key = data.join("server.key");
        std::fs::write(data.join("server.crt"), own.cert.pem()).unwrap();
        std::fs::write(&key, own.signing_key.serialize_pem()).unwrap();
        std::fs::set_permissions(&key, PermissionsExt::from_mode(0o600)).unwrap();
        if is_root() {
            run(Command::new("chown").arg("postgres").arg(&key));
        }
        let settings = data.join("postgresql.conf");
        let former = std::fs::read_to_string(&settings).unwrap();
        std::fs::write(settings, former + "\nssl = on\n").unwrap();
        (Self::of(folder), own.cert.pem())
    }

    /// The folder of one that has not started.
    fn made() -> TempDir {
        let folder = folder();
        let data = folder.path().join("data");
        run(command("initdb")
            .args([
                "--auth=trust",
                "--username=shop",
                "--no-sync",
                "--encoding=UTF8",
                "-D",
            ])
            .arg(&data));
        let hba = "local all all trust\nhost all locked 127.0.0.1/32 scram-sha-256\n\
            host all all 127.0.0.1/32 trust\nhost replication all 127.0.0.1/32 trust\n";
        std::fs::write(data.join("pg_hba.conf"), hba).unwrap();
        folder
    }

    fn of(folder: TempDir) -> Self {
        let mut postgres = Self {
            folder,
            address: free_address(),
            process: None,
        };
        postgres.go_on();
        postgres
    }

    /// A standby of it, which has all that was written before and gets what follows.
    pub fn standby(&self) -> Self {
        let folder = folder();
        let source = format!("host=127.0.0.1 port={} user=shop", self.address.port());
        run(command("pg_basebackup")
            .args(["-d", &source, "-R", "-X", "stream", "-c", "fast", "-D"])
            .arg(folder.path().join("data")));
        Self::of(folder)
    }

    /// Starts it again, with what is on its disk.
    pub fn go_on(&mut self) {
        let mut postgres = command("postgres");
        postgres.arg("-D").arg(self.folder.path().join("data"));
        postgres.args(["-h", "127.0.0.1", "-p", &self.address.port().to_string()]);
        postgres.arg("-k").arg(self.folder.path());
        self.process = Some(Process::start(
            &mut postgres,
            &self.folder.path().join("log"),
        ));
        wait_until("PostgreSQL answers", || {
            let mut ask = self.psql("SELECT 1");
            ask.output().unwrap().status.success()
        });
    }

    /// Ends at once, with all its processes, and goes through recovery when it starts again.
    pub fn kill(&mut self) {
        if let Some(process) = self.process.take() {
            run(Command::new("kill").args(["-QUIT", &process.id().to_string()]));
            process.wait();
        }
    }

    /// Makes a standby a server that takes writes.
    pub fn promote(&self) {
        run(&mut self.psql("SELECT pg_promote()"));
    }

    fn psql(&self, statement: &str) -> Command {
        let mut command = Command::new(program("psql"));
        let url = format!("postgres://shop@{}/postgres", self.address);
        command.args([
            "-X",
            "-q",
            "-t",
            "-A",
            "-v",
            "ON_ERROR_STOP=1",
            "-c",
            statement,
            &url,
        ]);
        command
    }

    /// Runs a statement, and returns what it finds.
    pub fn ask(&self, statement: &str) -> String {
        run(&mut self.psql(statement))
    }

    /// Runs a statement that may fail.
    pub fn try_ask(&self, statement: &str) {
        let _ = self.psql(statement).output();
    }

    pub fn store(&self) -> PostgresStore {
        store(self.address, "shop")
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.kill();
    }
}

/// One more client of the PostgreSQL at `address`.
pub fn store(address: SocketAddr, user: &str) -> PostgresStore {
    PostgresStore::new(&format!(
        "postgres://{user}@{address}/postgres?sslmode=disable"
    ))
    .unwrap()
}
