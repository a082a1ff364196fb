# blocks.tcl: takes documents apart, into the blocks that a reader may type.
#
# In Markdown these are the fenced blocks.  The words behind the fence say what
# they are:
#
#     LANGUAGE ?continued? ?FILE?
#
# LANGUAGE is tcl, sh, c, sql or python.  A block that is continued goes on, in
# the same process, where the block of that language before it has ended.  With
# a FILE the block is also kept under that name, for the blocks that follow.
# "output" instead of all that: what the block before prints; in it "..." stands
# for any text, and on a line of its own for any lines.
#
# In a manual page they are what stands between .nf and .fi behind a comment with
# such words on the line before .nf; and under EXAMPLES all that stands there, of
# the language of the page's section (n: tcl, 3: c) without such a comment.
#
# A block is a dictionary:
#     place      file and line, as "doc/guide.md:57"
#     language   one of those above
#     continued  0 or 1
#     file       the name to be kept under, or ""
#     text       its lines
#     shown      1 if the document shows its output, which is then in
#     output

namespace eval ::documents {
    variable languages {tcl sh c sql python}
}

# Returns a list of the blocks, and a list of what is wrong with the document.
proc ::documents::Blocks {path name} {
    set channel [open $path]
    fconfigure $channel -encoding utf-8
    set lines [split [read $channel] \n]
    close $channel
    if {[file extension $path] eq ".md"} {
        return [MarkdownBlocks $lines $name]
    }
    return [ManualBlocks $lines $name [string range [file extension $path] 1 end]]
}

proc ::documents::MarkdownBlocks {lines name} {
    set blocks {}
    set faults {}
    set fence 0
    set blank 1
    set number 0
    foreach line $lines {
        incr number
        if {$fence} {
            if {$line eq "```"} {
                AddBlock blocks faults $name:$fence $words $text
                set fence 0
            } else {
                lappend text $line
            }
        } elseif {[regexp {^```(.*)$} $line -> words]} {
            set fence $number
            set text {}
        } elseif {[regexp {^\s*(```|~~~)} $line]} {
            lappend faults "$name:$number: a fence is at the beginning of its line, and ``` ends it"
        } elseif {$blank && [regexp {^(    |\t)} $line]} {
            lappend faults "$name:$number: an indented block: fence it, and say what it is"
        }
        set blank [expr {[string trim $line] eq ""}]
    }
    if {$fence} {lappend faults "$name:$fence: the fence is not closed"}
    return [list $blocks $faults]
}

proc ::documents::ManualBlocks {lines name section} {
    array set language {n tcl 3 c}
    set blocks {}
    set faults {}
    set examples 0
    set start 0
    set words {}
    set number 0
    foreach line $lines {
        incr number
        if {[regexp {^\.SH "?([^"]*)} $line -> heading]} {
            set examples [string match EXAMPLE* $heading]
        }
        if {$line eq ".nf" && ($examples || $words ne {})} {
            set start [expr {$number + 1}]
            set text {}
            if {$words eq {}} {set words $language($section)}
        } elseif {$line eq ".fi" && $start} {
            AddBlock blocks faults $name:$start $words $text
            set start 0
            set words {}
        } elseif {$start} {
            lappend text [Unescape $line]
            if {[string match *\ufffd* [lindex $text end]]} {
                lappend faults "$name:$number: an escape that the test doesn't know: $line"
            }
        } elseif {![regexp {^\.\\" (.*)$} $line -> words]} {
            set words {}
        }
    }
    return [list $blocks $faults]
}

# A line of a manual page as it is shown.  What isn't known becomes U+FFFD.
proc ::documents::Unescape {line} {
    set line [string map {\\e \u0001 \\- - \\& {} \\(aq ' \\(dq \" \\(ha ^ \\(ti ~} $line]
    regsub -all {\\f[BIRP]} $line {} line
    return [string map {\\ \ufffd \u0001 \\} $line]
}

proc ::documents::AddBlock {blocksVariable faultsVariable place words text} {
    upvar 1 $blocksVariable blocks $faultsVariable faults
    variable languages
    set text [join $text \n]
    if {$words eq "output"} {
        if {![llength $blocks] || [dict get [lindex $blocks end] shown]} {
            lappend faults "$place: the output of what?"
            return
        }
        set block [lindex $blocks end]
        dict set block shown 1
        dict set block output $text
        lset blocks end $block
        return
    }
    set block [dict create place $place language {} continued 0 file {} \
        text $text shown 0 output {}]
    if {[catch {llength $words}]} {
        lappend faults "$place: \"$words\" are no words"
        return
    }
    foreach word $words {
        if {$word in $languages && [dict get $block language] eq {}} {
            dict set block language $word
        } elseif {$word eq "continued"} {
            dict set block continued 1
        } elseif {[regexp {^[\w-]+\.[\w.]+$} $word]} {
            dict set block file $word
        } else {
            lappend faults "$place: what is \"$words\"? A block is one of: [join $languages {, }], output"
            return
        }
    }
    if {[dict get $block language] eq {}} {
        lappend faults "$place: a block that doesn't say what it is: [join $languages {, }] or output"
        return
    }
    if {[dict get $block language] eq "tcl" && [regexp -line {^\s*;#} $text]} {
        lappend faults "$place: what a command returns is shown in a block \"output\""
    }
    lappend blocks $block
}

# Lists of blocks that are one program: one that isn't continued, and those of its
# language that continue it, in order.  A chain stands where its first block does.
proc ::documents::Chains {blocks} {
    set chains {}
    array set last {}
    foreach block $blocks {
        set language [dict get $block language]
        if {[dict get $block continued]} {
            if {![info exists last($language)]} {
                error "[dict get $block place]: continues nothing"
            }
            set chain [lindex $chains $last($language)]
            lset chains $last($language) [linsert $chain end $block]
        } else {
            set last($language) [llength $chains]
            lappend chains [list $block]
        }
    }
    return $chains
}
