//! What a job tries to reach or to change outside of its sandbox, and does not.

use std::sync::Arc;
use std::time::Duration;

use super::super::super::{ArtifactRef, Cx};
use super::super::subject::BUDGET;
use super::{sandbox, stays_inside};

#[tokio::test]
async fn nothing_of_the_host_is_written_or_read() {
    let subject = sandbox().await;
    let secret = subject.scratch.path().join("secret");
    std::fs::write(&secret, "secret\n").expect("written");
    let secret = secret.display();
    for (name, script, wanted) in [
        ("by its path", format!("cat {secret} 2>/dev/null || echo none\n"), "none\n"),
        (
            "through a link",
            format!("ln -s {secret} l; echo x 2>/dev/null >l || echo none\n"),
            "none\n",
        ),
        (
            "through the roots of processes",
            format!("for root in /proc/[0-9]*/root; do cat $root{secret} 2>/dev/null; done; echo none\n"),
            "none\n",
        ),
        (
            "through the folders of processes",
            "for folder in /proc/[0-9]*/cwd; do ls $folder/../../../../../etc/shadow 2>/dev/null; done; echo none\n"
                .to_owned(),
            "none\n",
        ),
        (
            "by going up",
            "cd /; cd ../../../..; ls -d root/.ssh 2>/dev/null || echo none\n".to_owned(),
            "none\n",
        ),
        (
            "from what is hidden",
            "cat /etc/shadow 2>/dev/null; ls /root/.ssh /home/*/.ssh 2>/dev/null; ls /var/lib /run/* 2>/dev/null | grep -c docker\n"
                .to_owned(),
            "0\n",
        ),
        (
            "with a new root",
            "mkdir -p a b; chroot a true 2>/dev/null; (cd a; chroot . ls ../../../../../etc/shadow) 2>/dev/null || echo none\n"
                .to_owned(),
            "none\n",
        ),
    ] {
        stays_inside(&subject, name, &script, wanted).await;
    }
    let secret = subject.scratch.path().join("secret");
    let kept = std::fs::read_to_string(secret).expect("still there");
    assert_eq!(kept, "secret\n");
}

#[tokio::test]
async fn what_root_may_on_a_machine_it_may_not_here() {
    let subject = sandbox().await;
    for (name, script) in [
        ("mount", "mount -t tmpfs none /mnt"),
        ("bind", "mount --bind /usr /mnt"),
        ("lift a mask", "umount /proc/keys"),
        ("lift what is read-only", "umount /proc/sys"),
        ("write again", "mount -o remount,rw /proc/sys"),
        ("set the kernel", "echo x >/proc/sys/kernel/core_pattern"),
        ("ask the kernel", "echo h >/proc/sysrq-trigger"),
        ("make a disk", "mknod disk b 254 0"),
        ("make a memory", "mknod mem c 1 1"),
        ("enter mounts", "unshare -m true"),
        ("become another root", "unshare -U true"),
        ("enter another's", "nsenter -t 1 -m true"),
        ("load a module", "modprobe dummy || insmod /dev/null"),
        ("set the clock", "date -s 2000-01-01"),
        ("name the machine", "hostname other"),
        ("read the kernel's log", "dmesg"),
        (
            "see who made the sandbox",
            "grep -l pipe-init /proc/[0-9]*/comm",
        ),
        ("take its program", "grep -l pipe-sandbox /proc/[0-9]*/exe"),
        ("change a device of the host", "chmod 600 /dev/full"),
        ("change a device behind a mask", "chmod 600 /proc/keys"),
        ("write below /sys", "echo 1 >/sys/kernel/uevent_helper"),
        ("see control groups", "ls /sys/fs/cgroup | grep ."),
        ("see the firmware", "ls /sys/firmware | grep ."),
        (
            "write to a disk",
            "ls /dev/sd* /dev/vd* /dev/nvme* | grep .",
        ),
    ] {
        let script = format!("({script}) >/dev/null 2>&1 && echo done || echo none\n");
        stays_inside(&subject, name, &script, "none\n").await;
    }
}

#[tokio::test]
async fn files_that_pipe_was_left_are_not_handed_on() {
    let subject = sandbox().await;
    let place = subject.scratch.path().display().to_string();
    let left = std::fs::File::open(subject.scratch.path()).expect("a folder");
    rustix::io::fcntl_setfd(&left, rustix::io::FdFlags::empty()).expect("left open");
    let script = format!("ls -l /proc/self/fd /proc/$$/fd 2>/dev/null | grep -c {place}\n");
    stays_inside(&subject, "open files", &script, "0\n").await;
}

#[tokio::test]
async fn processes_of_the_host_are_not_seen() {
    let subject = sandbox().await;
    let own = std::process::id();
    let script = format!(
        "[ -d /proc/{own} ] && grep -l pipe /proc/{own}/cmdline; ls -d /proc/[0-9]* | wc -l >n; \
         read n <n; [ $n -lt 8 ] && echo few\n"
    );
    stays_inside(&subject, "processes", &script, "few\n").await;
    stays_inside(
        &subject,
        "signals",
        "kill -9 -1 2>/dev/null; echo none\n",
        "none\n",
    )
    .await;
}

#[tokio::test]
async fn the_hosts_network_is_not_reached() {
    use std::os::linux::net::SocketAddrExt;
    use std::os::unix::net::{SocketAddr, UnixListener};

    let tcp = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = tcp.local_addr().expect("an address").port();
    let name = format!("pipe-test-{}", std::process::id());
    let address = SocketAddr::from_abstract_name(&name).expect("a name");
    let _abstract = UnixListener::bind_addr(&address).expect("a socket");
    let subject = sandbox().await;
    for (what, script) in [
        (
            "loopback",
            format!("bash -c 'echo >/dev/tcp/127.0.0.1/{port}'"),
        ),
        ("abstract sockets", format!("grep -q {name} /proc/net/unix")),
    ] {
        let script = format!("({script}) 2>/dev/null && echo done || echo none\n");
        stays_inside(&subject, what, &script, "none\n").await;
    }
    let own = "bash -c 'exec 3<>/dev/tcp/127.0.0.1/9' 2>&1 | grep -q refused && echo there\n";
    stays_inside(&subject, "its own loopback", own, "there\n").await;
}

/// A call of the kernel that a job makes, whatever its program: `none` where nobody may.
fn calls(number: libc::c_long, arguments: &str) -> String {
    format!(
        "perl -e '$! = 0; syscall({number}, {arguments}); print $! + 0 == 1 ? \"none\\n\" : \"done $!\\n\"'\n"
    )
}

#[tokio::test]
async fn calls_that_reach_beyond_a_job_are_refused() {
    let subject = sandbox().await;
    for (name, number, arguments) in [
        ("keys of the session", libc::SYS_keyctl, "0, -3, 0"),
        ("a new key", libc::SYS_add_key, "0, 0, 0, 0, -3"),
        ("a key by name", libc::SYS_request_key, "0, 0, 0, -3"),
        ("programs of the kernel", libc::SYS_bpf, "0, 0, 0"),
        ("rings", libc::SYS_io_uring_setup, "1, 0"),
        ("watching everything", libc::SYS_fanotify_init, "0, 0"),
        (
            "a file by its number",
            libc::SYS_open_by_handle_at,
            "0, 0, 0",
        ),
        (
            "counters of the processor",
            libc::SYS_perf_event_open,
            "0, 0, -1, -1, 0",
        ),
        ("sockets of a virtual machine", libc::SYS_socket, "40, 1, 0"),
        ("ciphers of the kernel", libc::SYS_socket, "38, 5, 0"),
    ] {
        stays_inside(&subject, name, &calls(number, arguments), "none\n").await;
    }
    let allowed = calls(libc::SYS_getpid, "0");
    stays_inside(&subject, "a call that is fine", &allowed, "done \n").await;
}

#[tokio::test]
async fn raw_sockets_hear_nothing_of_the_host() {
    use std::sync::atomic::{AtomicBool, Ordering};

    let word = format!("overheard-{}", std::process::id());
    let stop = Arc::new(AtomicBool::new(false));
    let (ended, text) = (Arc::clone(&stop), word.clone());
    let talking = std::thread::spawn(move || {
        let socket = std::net::UdpSocket::bind("127.0.0.1:0").expect("a port");
        while !ended.load(Ordering::Relaxed) {
            let _ = socket.send_to(text.as_bytes(), "127.0.0.1:9");
            std::thread::sleep(Duration::from_millis(5));
        }
    });
    let subject = sandbox().await;
    let script = format!(
        "perl -e 'socket(my $s, 17, 3, 0x300) or print(\"silence\\n\"), exit; \
         $SIG{{ALRM}} = sub {{ print \"silence\\n\"; exit }}; alarm 1; \
         while (defined recv($s, my $heard, 65535, 0)) {{ \
         if ($heard =~ /{word}/) {{ print \"heard\\n\"; exit }} }}'\n"
    );
    stays_inside(&subject, "raw sockets", &script, "silence\n").await;
    stop.store(true, Ordering::Relaxed);
    talking.join().expect("it talked");
}

#[tokio::test]
async fn names_in_artifacts_lead_nowhere_outside() {
    let subject = sandbox().await;
    let outside = subject.scratch.path().join("outside");
    std::fs::create_dir(&outside).expect("a folder");
    let place = outside.display();
    for name in [
        format!("{place}/file"),
        format!("../../../../../../../..{place}/file"),
        format!("a/../../../../../../../..{place}/file"),
        "link/file".to_owned(),
    ] {
        let tar = subject.archive("hostile.tar");
        let mut builder = tar::Builder::new(std::fs::File::create(&tar).expect("created"));
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(tar::EntryType::Symlink);
        header.set_size(0);
        builder
            .append_link(&mut header, "link", &outside)
            .expect("a link");
        let mut header = tar::Header::new_gnu();
        header.set_size(4);
        header.set_mode(0o644);
        let field = &mut header.as_gnu_mut().expect("its kind").name;
        field[..name.len()].copy_from_slice(name.as_bytes());
        header.set_cksum();
        builder.append(&header, &b"evil"[..]).expect("an entry");
        builder.finish().expect("finished");
        let mut session = subject.open("archive", &[]).await;
        let kept = ArtifactRef {
            tar,
            entries: 2,
            notes: Vec::new(),
            digest: None,
            lasts: false,
        };
        // It is refused or stays in the job: what is outside alone counts.
        let _ = session.add(&[kept], &Cx::unstoppable()).await;
        session.close(BUDGET).await.expect("closes");
        let written = std::fs::read_dir(&outside).expect("a folder").count();
        assert_eq!(written, 0, "{name}");
    }
    assert_eq!(subject.leftovers().await, Vec::<String>::new());
}
