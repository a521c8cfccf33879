import { Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { TerminusModule } from '@nestjs/terminus';
import { HealthController } from './health.controller.js';
import { LiveHealthIndicator } from './live.health-indicator.js';
import { ReadyHealthIndicator } from './ready.health-indicator.js';

@Module({
  imports: [DiscoveryModule, TerminusModule.forRoot({ logger: false })],
  controllers: [HealthController],
  providers: [LiveHealthIndicator, ReadyHealthIndicator],
})
export class HealthModule {}
