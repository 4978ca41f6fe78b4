// SPDX-License-Identifier: MIT
//! W3, tokio: mpsc between two tasks (on two threads, by the second argument, they stand for
//! threads); with third argument "across" between a thread and a task. Its least capacity is 1.

use tokio::sync::mpsc;
use tokio::task::spawn_blocking;
use trine_bench_peers::*;

async fn produce(queue: mpsc::Sender<usize>, items: usize) {
    for item in 0..items {
        queue.send(item).await.unwrap()
    }
}

async fn consume(mut queue: mpsc::Receiver<usize>, items: usize) {
    for item in 0..items {
        assert_eq!(queue.recv().await, Some(item))
    }
}

async fn flow(capacity: usize, items: usize) {
    let (sender, receiver) = mpsc::channel(capacity);
    let producer = tokio::spawn(produce(sender, items));
    consume(receiver, items).await;
    producer.await.unwrap()
}

async fn from_a_thread(capacity: usize, items: usize) {
    let (sender, receiver) = mpsc::channel(capacity);
    let producer = spawn_blocking(move || {
        for item in 0..items {
            sender.blocking_send(item).unwrap()
        }
    });
    consume(receiver, items).await;
    producer.await.unwrap()
}

async fn to_a_thread(capacity: usize, items: usize) {
    let (sender, mut receiver) = mpsc::channel(capacity);
    let consumer = spawn_blocking(move || {
        for item in 0..items {
            assert_eq!(receiver.blocking_recv(), Some(item))
        }
    });
    produce(sender, items).await;
    consumer.await.unwrap()
}

fn main() {
    run(async {
        let across = std::env::args().nth(3).as_deref() == Some("across");
        for capacity in [0, 10, 1000] {
            let places = capacity.max(1);
            if across {
                let items = count(if capacity == 0 { 50_000 } else { 500_000 });
                let (inward, outward) = (from_a_thread(places, items), to_a_thread(places, items));
                measure_threads(&format!("queue_in_{capacity}"), items, inward).await;
                measure_threads(&format!("queue_out_{capacity}"), items, outward).await
            } else if threads() == 1 {
                let items = count(2_000_000);
                measure(&format!("queue_tasks_{capacity}"), items, flow(places, items)).await
            } else {
                let items = count(2_000_000);
                let key = format!("queue_threads_{capacity}");
                measure_threads(&key, items, flow(places, items)).await
            }
        }
    });
}
