// SPDX-License-Identifier: MIT
//! W3, tokio: select! over two receivers. Both have an item (it is sent back each time), one has,
//! none has, and one that waits until another task sends. (A hundred are more than select! takes.)

use tokio::sync::mpsc::{channel, Receiver, Sender};
use trine_bench_peers::*;

type Queue = (Sender<usize>, Receiver<usize>);

async fn turn_over(mut a: Queue, mut b: Queue, rounds: usize) {
    for _ in 0..rounds {
        tokio::select! {
            item = a.1.recv() => a.0.send(item.unwrap()).await.unwrap(),
            item = b.1.recv() => b.0.send(item.unwrap()).await.unwrap(),
        }
    }
}

async fn find_none(mut a: Queue, mut b: Queue, rounds: usize) {
    for _ in 0..rounds {
        tokio::select! {
            biased;
            _ = a.1.recv() => panic!("an item from nowhere"),
            _ = b.1.recv() => panic!("an item from nowhere"),
            _ = async {} => (),
        }
    }
}

async fn send_to_both(a: Sender<usize>, b: Sender<usize>, rounds: usize) {
    for i in 0..rounds {
        let to = if i % 2 == 0 { &a } else { &b };
        to.send(i).await.unwrap()
    }
}

async fn hand_over(mut a: Queue, mut b: Queue, rounds: usize) {
    tokio::spawn(send_to_both(a.0.clone(), b.0.clone(), rounds));
    for _ in 0..rounds {
        tokio::select! {
            item = a.1.recv() => assert!(item.is_some()),
            item = b.1.recv() => assert!(item.is_some()),
        }
    }
}

/// A queue with one place, and an item in it or none.
fn queue(full: bool) -> Queue {
    let queue = channel(1);
    if full {
        queue.0.try_send(0).unwrap()
    }
    queue
}

fn main() {
    run(async {
        let rounds = count(1_000_000);
        measure("select_all_2", rounds, turn_over(queue(true), queue(true), rounds)).await;
        measure("select_one_2", rounds, turn_over(queue(true), queue(false), rounds)).await;
        measure("select_none_2", rounds, find_none(queue(false), queue(false), rounds)).await;
        measure("select_wait_2", rounds, hand_over(queue(false), queue(false), rounds)).await
    });
}
