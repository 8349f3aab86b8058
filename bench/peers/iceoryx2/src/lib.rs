//! iceoryx2 as a contender: one publisher that waits for one subscriber. A process that has nothing to read may
//! sleep in an event service, which the publisher then notifies of each message.
//!
//! Whatever fails ends the process: a run that is not whole measures nothing.

use std::ffi::{c_char, CStr};
use std::mem::MaybeUninit;
use std::ptr;

use iceoryx2::port::listener::Listener;
use iceoryx2::port::notifier::Notifier;
use iceoryx2::port::publisher::Publisher;
use iceoryx2::port::subscriber::Subscriber;
use iceoryx2::prelude::*;
use iceoryx2::sample::Sample;
use iceoryx2::sample_mut_uninit::SampleMutUninit;
use iceoryx2::service::port_factory::{event, publish_subscribe};

/// What both sides say of the connection.
#[repr(C)]
pub struct Connection {
    name: *const c_char,
    size: usize,
    depth: usize,
    sleeps: bool,
}

pub struct Sender {
    size: usize,
    loan: Option<SampleMutUninit<ipc::Service, [MaybeUninit<u8>], ()>>,
    notifier: Option<Notifier<ipc::Service>>,
    publisher: Publisher<ipc::Service, [u8], ()>,
    messages: publish_subscribe::PortFactory<ipc::Service, [u8], ()>,
    _node: Node<ipc::Service>,
}

pub struct Receiver {
    taken: Option<Sample<ipc::Service, [u8], ()>>,
    listener: Option<Listener<ipc::Service>>,
    subscriber: Subscriber<ipc::Service, [u8], ()>,
    _node: Node<ipc::Service>,
}

struct Services {
    node: Node<ipc::Service>,
    messages: publish_subscribe::PortFactory<ipc::Service, [u8], ()>,
    wake_ups: Option<event::PortFactory<ipc::Service>>,
}

fn services(connection: &Connection) -> Services {
    set_log_level(LogLevel::Error);
    let name = unsafe { CStr::from_ptr(connection.name) }.to_str().expect("a name in UTF-8");
    let node = NodeBuilder::new().create::<ipc::Service>().expect("a node");
    let messages = node
        .service_builder(&format!("{name}/messages").as_str().try_into().expect("a service name"))
        .publish_subscribe::<[u8]>()
        .payload_alignment(Alignment::new(64).expect("an alignment"))
        .enable_safe_overflow(false)
        .history_size(0)
        .subscriber_max_buffer_size(connection.depth)
        .max_publishers(1)
        .max_subscribers(1)
        .open_or_create()
        .expect("a service");
    let wake_ups = connection.sleeps.then(|| {
        node.service_builder(&format!("{name}/wake-ups").as_str().try_into().expect("a service name"))
            .event()
            .open_or_create()
            .expect("an event service")
    });
    Services { node, messages, wake_ups }
}

/// # Safety
/// `connection` and its name are valid during the call.
#[no_mangle]
pub unsafe extern "C" fn iceoryx2_sender(connection: *const Connection) -> *mut Sender {
    let connection = &*connection;
    let Services { node, messages, wake_ups } = services(connection);
    let publisher = messages
        .publisher_builder()
        .initial_max_slice_len(connection.size)
        .backpressure_strategy(BackpressureStrategy::RetryUntilDelivered)
        .create()
        .expect("a publisher");
    let notifier = wake_ups.map(|events| events.notifier_builder().create().expect("a notifier"));
    Box::into_raw(Box::new(Sender { size: connection.size, loan: None, notifier, publisher, messages, _node: node }))
}

/// # Safety
/// `sender` comes from `iceoryx2_sender`; so for all that follow.
#[no_mangle]
pub unsafe extern "C" fn iceoryx2_has_receiver(sender: *mut Sender) -> bool {
    (*sender).messages.dynamic_config().number_of_subscribers() != 0
}

/// Memory for one message, until `iceoryx2_send`.
///
/// # Safety
/// As above.
#[no_mangle]
pub unsafe extern "C" fn iceoryx2_loan(sender: *mut Sender) -> *mut u8 {
    let sender = &mut *sender;
    let loan = sender.publisher.loan_slice_uninit(sender.size).expect("a loan");
    sender.loan.insert(loan).payload_mut().as_mut_ptr().cast()
}

/// Waits, looking all the time, while the receiver has no room.
///
/// # Safety
/// As above; the loan has been filled.
#[no_mangle]
pub unsafe extern "C" fn iceoryx2_send(sender: *mut Sender) {
    let sender = &mut *sender;
    let sample = sender.loan.take().expect("a loan before").assume_init();
    assert_eq!(sample.send().expect("a message sent"), 1);
    if let Some(notifier) = &sender.notifier {
        notifier.notify().expect("a wake-up");
    }
}

/// # Safety
/// As above; not used afterwards.
#[no_mangle]
pub unsafe extern "C" fn iceoryx2_end_sender(sender: *mut Sender) {
    drop(Box::from_raw(sender));
}

/// # Safety
/// As `iceoryx2_sender`.
#[no_mangle]
pub unsafe extern "C" fn iceoryx2_receiver(connection: *const Connection) -> *mut Receiver {
    let connection = &*connection;
    let Services { node, messages, wake_ups } = services(connection);
    let listener = wake_ups.map(|events| events.listener_builder().create().expect("a listener"));
    let subscriber = messages.subscriber_builder().buffer_size(connection.depth).create().expect("a subscriber");
    Box::into_raw(Box::new(Receiver { taken: None, listener, subscriber, _node: node }))
}

/// The next message, until `iceoryx2_release`; null if there is none.
///
/// # Safety
/// As above.
#[no_mangle]
pub unsafe extern "C" fn iceoryx2_take(receiver: *mut Receiver, size: *mut usize) -> *const u8 {
    let receiver = &mut *receiver;
    let Some(sample) = receiver.subscriber.receive().expect("to be connected") else {
        return ptr::null();
    };
    let payload = receiver.taken.insert(sample).payload();
    *size = payload.len();
    payload.as_ptr()
}

/// # Safety
/// As above.
#[no_mangle]
pub unsafe extern "C" fn iceoryx2_release(receiver: *mut Receiver) {
    (*receiver).taken = None;
}

/// Sleeps until the sender has notified.
///
/// # Safety
/// As above; the connection sleeps.
#[no_mangle]
pub unsafe extern "C" fn iceoryx2_wait(receiver: *mut Receiver) {
    (*receiver).listener.as_ref().expect("a listener").blocking_wait(|_| {}).expect("to be woken");
}

/// # Safety
/// As above; not used afterwards.
#[no_mangle]
pub unsafe extern "C" fn iceoryx2_end_receiver(receiver: *mut Receiver) {
    drop(Box::from_raw(receiver));
}
