//! Instructions that code takes, where the machine counts them for programs: many virtual machines do not.

/// Counts the instructions of this thread in user mode.
pub(crate) struct Instructions {
    #[cfg(target_os = "linux")]
    counter: perf_event::Counter,
}

impl Instructions {
    /// `None` where there is no such counter.
    #[cfg(target_os = "linux")]
    pub(crate) fn new() -> Option<Self> {
        // Instructions are the crate's default, kernel and hypervisor left out.
        let counter = perf_event::Builder::new().build().ok()?;
        Some(Self { counter })
    }

    /// Likewise: nothing is known of other systems.
    #[cfg(not(target_os = "linux"))]
    pub(crate) fn new() -> Option<Self> {
        None
    }

    /// Instructions from the start of a call to its end.
    #[cfg(target_os = "linux")]
    pub(crate) fn of(&mut self, call: impl FnOnce()) -> std::io::Result<u64> {
        self.counter.reset()?;
        self.counter.enable()?;
        call();
        self.counter.disable()?;
        self.counter.read()
    }

    /// Likewise.
    #[cfg(not(target_os = "linux"))]
    pub(crate) fn of(&mut self, _: impl FnOnce()) -> std::io::Result<u64> {
        Err(std::io::ErrorKind::Unsupported.into())
    }
}
