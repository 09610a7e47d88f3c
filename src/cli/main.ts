#!/usr/bin/env node
import { endAtUserSignal } from './interruption.js';

// Before anything else is loaded, because until then the signal opens a debugger's port.
endAtUserSignal();
const { start } = await import('./start.js');
start();
