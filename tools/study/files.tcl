# files.tcl: the files that the user has named, and what errors say about them.
#
# In place of a name, "-" is standard input or standard output.  Names are what the
# user has written, which errors show, and belong to the directory that the program
# was started in: a workload may go to another.

namespace eval ::study {
    variable started {}
}

# From now on names belong to the directory that this process is in.
proc ::study::StartHere {} {
    variable started
    # It may have been removed.
    catch {set started [pwd]}
}

proc ::study::Path {file} {
    variable started
    return [file join $started $file]
}

# What errors call a file that is read.
proc ::study::Called {file} {
    return [expr {$file eq "-" ? "standard input" : $file}]
}

# Performs SCRIPT for the caller. What the system refuses in it is to read, or to
# write, FILE; Tcl's own messages name channels.
proc ::study::WithFile {action file script} {
    try {
        uplevel 1 $script
    } trap POSIX {message options} {
        lassign [dict get $options -errorcode] - code reason
        if {$file ne "-"} {
            Fail FAILED "cannot $action \"$file\": $reason"
        }
        if {$action eq "write" && $code eq "EPIPE"} {
            # Who reads our output has had enough: Main knows.
            return -options $options $message
        }
        Fail FAILED "cannot $action standard\
            [dict get {read input write output} $action]: $reason"
    }
}

# What others have edited may begin with a byte order mark.
proc ::study::ReadFile {file} {
    WithFile read $file {
        set channel [expr {$file eq "-" ? "stdin" : [open [Path $file] r]}]
        chan configure $channel -encoding utf-8
        set text [read $channel]
        close $channel
    }
    return [string trimleft $text \ufeff]
}

# Whether FILE is, or would be, one that can be replaced: no pipe, for instance.
proc ::study::IsOrdinary {file} {
    return [expr {![file exists [Path $file]] || [file isfile [Path $file]]}]
}

# CONTENT is binary.  If it can't be written FILE is as it was before.
proc ::study::WriteFile {file content} {
    WithFile write $file {
        # Not a link, but what it leads to.
        set path [file dirname [file normalize [file join [Path $file] x]]]
        if {![IsOrdinary $file] || [catch {
            open $path.[pid] {WRONLY CREAT EXCL BINARY}
        } channel]} {
            # In a directory, for instance, in which there can be no other file.
            set new [catch {file type $path}]
            set written $path
            set channel [open $path wb]
        } else {
            set new 1
            set written $path.[pid]
        }
        try {
            try {
                puts -nonewline $channel $content
            } finally {
                close $channel
            }
            if {$written ne $path} {
                # Where there are such.
                catch {file attributes $written -permissions \
                    [file attributes $path -permissions]}
                file rename -force $written $path
            }
        } on error {message options} {
            if {$new} {
                catch {file delete $written}
            }
            return -options $options $message
        }
    }
}

# Lines on CHANNEL, which is FILE; they are there when this returns.
proc ::study::Print {channel text {file -}} {
    WithFile write $file {
        puts $channel $text
        flush $channel
    }
}

# What can't be written in the end is better known in the beginning. Leaves all
# as it was.
proc ::study::CheckWritable {file} {
    set path [Path $file]
    # To open a pipe, for instance, would not be without effects.
    if {![IsOrdinary $file] && ![file isdirectory $path]} return
    set new [catch {file type $path}]
    WithFile write $file {
        close [open $path {WRONLY CREAT}]
    }
    if {$new} {
        file delete $path
    }
}
