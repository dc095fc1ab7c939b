use std::{
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    time::Duration,
};

use kit_base::testing::eventually;
use kit_process::config::Period;
use tokio::time::sleep;

use super::*;
use crate::authority::Certificate;

/// Waits until a call on the channel ends so.
async fn until(channel: &GrpcChannel, expected: Code) {
    let ends_so = async || code(channel, "GetThing").await == expected;
    eventually("the files are taken", ends_so).await;
}

/// Calls, none of which may be sent twice, until told to end; gives how many there were and how many failed.
async fn load(channel: &GrpcChannel, done: &AtomicBool) -> (usize, usize) {
    let (calls, failed) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let client = async || {
        while !done.load(Ordering::Relaxed) {
            let well = code(channel, "UpdateThing").await == Code::Ok;
            calls.fetch_add(1, Ordering::Relaxed);
            failed.fetch_add(usize::from(!well), Ordering::Relaxed);
            sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::join!(client(), client(), client());
    (calls.into_inner(), failed.into_inner())
}

/// A server and its client, and what it takes to see from outside which files each of them has taken.
struct Pair {
    own: Folder,
    edge: Folder,
    server: Server,
}

impl Pair {
    fn get(&self, own: &Certificate, edge: &Certificate, authorities: &[&Authority]) {
        self.own.gets(own, authorities);
        self.edge.gets(edge, authorities);
    }

    /// Waits until both believe a server and a client as these, and are believed by them.
    async fn get_along_with(&self, own: &Certificate, edge: &Certificate, trusted: &[&Authority]) {
        let (own, edge) = (Folder::holding(own, trusted), Folder::holding(edge, trusted));
        let other = guarded(&own, quick()).await;
        until(&channel(&self.server, &edge), Code::Ok).await;
        until(&channel(&other, &self.edge), Code::Ok).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn certificates_and_authority_are_replaced_under_load_without_a_lost_call() {
    let (old, new) = (Authority::new("old"), Authority::new("new"));
    let [old_own, new_own] = [&old, &new].map(|authority| authority.issues("localhost"));
    let [old_edge, new_edge] = [&old, &new].map(|authority| authority.issues("edge"));
    let own = Folder::holding(&old_own, &[&old]);
    let edge = Folder::holding(&old_edge, &[&old]);
    // Connections are replaced all the time, so that each set of files sees new ones.
    let limits = serve::Limits { max_connection_age: Period::from_millis(200), ..quick() };
    let server = guarded(&own, limits).await;
    let pair = Pair { own, edge, server };
    let (loaded, done) = (channel(&pair.server, &pair.edge), AtomicBool::new(false));
    let replacing = async {
        pair.get(&old_own, &old_edge, &[&old, &new]);
        pair.get_along_with(&new_own, &new_edge, &[&old, &new]).await;
        pair.get(&new_own, &new_edge, &[&old, &new]);
        pair.get_along_with(&new_own, &new_edge, &[&new]).await;
        pair.get(&new_own, &new_edge, &[&new]);
        let left_behind = Folder::holding(&old_edge, &[&old, &new]);
        until(&channel(&pair.server, &left_behind), Code::Unavailable).await;
        done.store(true, Ordering::Relaxed);
    };
    let ((calls, failed), ()) = tokio::join!(load(&loaded, &done), replacing);
    assert_eq!(failed, 0, "of {calls}");
    assert!(calls > 100, "only {calls}");
}

#[tokio::test]
async fn files_that_are_of_no_use_are_refused_and_the_old_ones_stay() {
    let reloads = |result| counted(&format!("errand_tls_reloads_total{{result=\"{result}\"}}"));
    let authority = Authority::new("one");
    let good = authority.issues("localhost");
    let own = Folder::holding(&good, &[&authority]);
    let edge = Folder::holding(&authority.issues("edge"), &[&authority]);
    let server = guarded(&own, quick()).await;
    let another_key = Certificate { key: authority.issues("localhost").key, ..good.clone() };
    let half = Certificate { chain: good.chain[..good.chain.len() / 2].to_owned(), ..good.clone() };
    for (broken, authorities) in
        [(&another_key, &[&authority][..]), (&half, &[&authority]), (&good, &[])]
    {
        let before = reloads("failure");
        own.gets(broken, authorities);
        eventually("the refusal is counted", async || reloads("failure") > before).await;
        assert_eq!(code(&channel(&server, &edge), "GetThing").await, Code::Ok);
    }
}
