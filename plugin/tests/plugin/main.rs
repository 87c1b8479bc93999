//! The plugin in a host that is part of the test.

mod directions;
mod host;
mod midi;
mod playing;
mod projects;
mod realtime;
#[cfg(target_os = "linux")]
mod window;
