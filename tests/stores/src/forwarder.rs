//! Forwards connections to a server, and cuts them, holds them up or leads them elsewhere: the network between.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::watch;
use tokio::task::JoinHandle;

pub struct Forwarder {
    pub address: SocketAddr,
    state: Arc<State>,
    _runtime: Runtime,
}

struct State {
    target: Mutex<SocketAddr>,
    connections: Mutex<Vec<JoinHandle<()>>>,
    /// Nothing comes through, and nothing is closed.
    held_up: watch::Sender<bool>,
}

impl Forwarder {
    pub fn to(target: SocketAddr) -> Self {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(State {
            target: Mutex::new(target),
            connections: Mutex::default(),
            held_up: watch::Sender::new(false),
        });
        let accepting = Arc::clone(&state);
        runtime.spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let target = *accepting.target.lock().unwrap();
                let held_up = accepting.held_up.subscribe();
                let connection = tokio::spawn(forward(client, target, held_up));
                accepting.connections.lock().unwrap().push(connection);
            }
        });
        Self {
            address,
            state,
            _runtime: runtime,
        }
    }

    /// Ends all connections. New ones are made.
    pub fn cut(&self) {
        for connection in self.state.connections.lock().unwrap().drain(..) {
            connection.abort();
        }
    }

    /// Lets nothing through on the connections there are. They look alive, as after a firewall has forgotten them; new ones work.
    pub fn hold_up(&self) {
        self.state.held_up.send_replace(true);
        self.state.held_up.send_replace(false);
    }

    /// New connections go to another server, and those there are end.
    pub fn point_to(&self, target: SocketAddr) {
        *self.state.target.lock().unwrap() = target;
        self.cut();
    }
}

async fn forward(mut client: TcpStream, target: SocketAddr, mut held_up: watch::Receiver<bool>) {
    let Ok(mut server) = TcpStream::connect(target).await else {
        return;
    };
    tokio::select! {
        _ = tokio::io::copy_bidirectional(&mut client, &mut server) => {}
        _ = held_up.changed() => std::future::pending().await,
    }
}
