//! Redis, as it is installed, with an append-only file that is synced at every write.

use std::net::SocketAddr;
use std::process::Command;

use sealed_session::RedisStore;
use tempfile::TempDir;

use crate::process::{Process, free_address, run, wait_until};

pub struct Redis {
    folder: TempDir,
    pub address: SocketAddr,
    options: Vec<String>,
    process: Option<Process>,
}

impl Redis {
    pub fn start() -> Self {
        Self::with(&[])
    }

    /// With further options of its command line.
    pub fn with(options: &[&str]) -> Self {
        let mut redis = Self {
            folder: tempfile::tempdir().unwrap(),
            address: free_address(),
            options: options.iter().map(|option| String::from(*option)).collect(),
            process: None,
        };
        redis.go_on();
        redis
    }

    /// A replica of it, which has all that was written before.
    pub fn replica(&self) -> Self {
        let port = self.address.port().to_string();
        let replica = Self::with(&["--replicaof", "127.0.0.1", &port]);
        wait_until("the replica has connected", || {
            replica
                .ask(&["INFO", "replication"])
                .contains("master_link_status:up")
        });
        replica
    }

    /// Starts it again, with what is on its disk.
    pub fn go_on(&mut self) {
        let mut command = Command::new("redis-server");
        let port = self.address.port().to_string();
        let fixed = [
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--appendonly",
            "yes",
            "--appendfsync",
            "always",
        ];
        command
            .arg("--port")
            .arg(port)
            .args(fixed)
            .arg("--dir")
            .arg(self.folder.path());
        command.args(&self.options);
        self.process = Some(Process::start(
            &mut command,
            &self.folder.path().join("log"),
        ));
        wait_until("Redis answers", || {
            let asked = self.command(&["PING"]).output().unwrap();
            asked.stdout.starts_with(b"PONG") || asked.stdout.starts_with(b"NOAUTH")
        });
    }

    /// As when the machine loses its power.
    pub fn kill(&mut self) {
        self.process = None;
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new("redis-cli");
        command
            .args(["-p", &self.address.port().to_string()])
            .args(words);
        command
    }

    /// Runs a command, and returns what Redis says.
    pub fn ask(&self, words: &[&str]) -> String {
        run(&mut self.command(words))
    }

    pub fn store(&self) -> RedisStore {
        store(self.address)
    }
}

/// One more client of the Redis at `address`.
pub fn store(address: SocketAddr) -> RedisStore {
    RedisStore::new(&format!("redis://{address}/")).unwrap()
}
