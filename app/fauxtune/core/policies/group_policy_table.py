"""Definitions of administrative templates: those that public samples use, and some of each kind of presentation. Every
name is in our own words; ids that public samples name are facts, all others are made.

A row: id, if it is known; class; categories from the top; name. Rows that are indented are its presentations: kind;
label; what it says beside it. A `dropdown` lists its items as `value=name`, a `decimal` its range and default.

#: data
"""

from __future__ import annotations

TABLE = r"""
81c07ba0-7512-402d-b1f6-00856975cfab; machine; OneDrive; Sign users in to OneDrive with their Windows account
61b07a01-7e60-4127-b086-f6b32458a5c5; machine; OneDrive; Files of OneDrive come when they are needed
; machine; OneDrive; Move known folders to OneDrive without a question
  text; Id of the tenant; required
  dropdown; Tell the user; 0=No,1=Yes
; machine; OneDrive; Highest rate of uploads of OneDrive
  decimal; Rate in kilobytes a second; 1..100000..125
; user; OneDrive; OneDrive does not start before the user signs in
; machine; Microsoft Edge/Start page; Address of the start page of Edge
  text; Address of the start page; required
; user; Microsoft Edge/Start page; Address of the start page of Edge
  text; Address of the start page; required
; machine; Microsoft Edge/Content; Sites that Edge blocks
  list; Addresses
; machine; Microsoft Edge/SmartScreen; SmartScreen of Edge
; machine; Microsoft Edge/Passwords; Edge keeps passwords
; user; Windows/Desktop; Picture of the desktop
  text; Path of the picture; required
  dropdown; How it is laid; 0=In the middle,1=Side by side,2=Stretched
; user; Windows/Control Panel; No Control Panel
; user; Windows/Control Panel/Screen saver; Seconds until the screen saver starts
  decimal; Seconds; 0..86400..900
; machine; Windows/Components/Remote Desktop; Connections by Remote Desktop
; machine; Windows/Components/Event log; Largest size of the log of applications
  decimal; Kilobytes; 1024..2147483647..20480
; machine; Windows/Components/Windows Update; Servers of updates
  text; Server that finds updates; required
  text; Server of statistics; required
  check; Do not ask for server certificates; false
; machine; Windows/System/Logon; Text before the sign-in
  multi; Text; 20
; user; Microsoft Office/Security; Macros in documents
  dropdown; Macros; 2=Off with a message,3=Signed ones only,4=Off,1=On
"""
